//! Models and the program in a folder of their own.

use super::common::{Ended, Lab, clear_settings, files};
use std::process::Command;

/// Runs a bundle's script from another folder, with a command before it.
#[cfg(unix)]
fn script(lab: &Lab, before: &[&str], arguments: &[&str]) -> Ended {
    lab.write("elsewhere/.keep", "");
    let words = [before, &["sh", "../b/predict.sh"], arguments].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(lab.path("elsewhere"));
    clear_settings(&mut command).env("EARMARK_CACHE", lab.path("cache"));
    Ended::of(&words.join(" "), command.output().expect("a shell"))
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_bundle_scores_as_the_models_do_without_a_network() {
    let lab = Lab::trained();
    lab.earmark(
        "train tiny.toml --data tones --run runs/b --fold 2 --set train.seed=9 --set licence=\"CC0-1.0\"",
    )
    .done();
    let ended = lab.earmark("bundle runs/a runs/b --weights 3,1 -o b").done();
    assert!(ended.out.starts_with("b: 2 models and the program; "), "{ended}");
    let names: Vec<String> = files(&lab.path("b")).into_keys().collect();
    let models: Vec<&String> = names.iter().filter(|n| n.starts_with("models/")).collect();
    assert!(
        models[0].starts_with("models/01-tiny-") && models[1].starts_with("models/02-tiny-"),
        "{models:?}"
    );
    let others: Vec<&String> = names.iter().filter(|n| !n.starts_with("models/")).collect();
    let wanted = [
        "LICENCES.md",
        "README.md",
        "SHA256SUMS",
        "bundle.json",
        "classes.csv",
        "earmark",
        "predict.sh",
    ];
    assert_eq!(others, wanted);
    assert_eq!(lab.read("b/classes.csv"), "0,high\n1,low\n2,mid\n");
    let licences = lab.read("b/LICENCES.md");
    assert!(
        licences.contains(": not stated") && licences.contains(": CC0-1.0"),
        "{licences}"
    );
    let description: serde_json::Value = serde_json::from_str(&lab.read("b/bundle.json")).expect("JSON");
    assert_eq!(description["weights"], serde_json::json!([3.0, 1.0]));
    assert_eq!(description["models"][0]["tiles"]["hop-seconds"], 0.5);

    // A folder of recordings in no order, without a table: from anywhere, by a relative path, as predict does it.
    for (k, hz) in [310.0, 980.0, 2400.0].iter().enumerate() {
        lab.tone(&format!("new/{k}.wav"), *hz);
    }
    lab.earmark(
        "predict runs/a runs/b --weights 3,1 --data new --layout folders --format kaggle2019 -o wanted.csv",
    )
    .done();
    script(&lab, &[], &["../new", "out.csv"]).done();
    assert_eq!(lab.read("elsewhere/out.csv"), lab.read("wanted.csv"));
    // Weights count, and a further argument goes where it belongs.
    script(&lab, &[], &["../new", "plain.json", "--format", "json"]).done();
    assert!(lab.read("elsewhere/plain.json").starts_with('['));
    lab.earmark("predict runs/a runs/b --data new --layout folders --format kaggle2019 -o alike.csv")
        .done();
    assert_ne!(lab.read("alike.csv"), lab.read("wanted.csv"));

    // Where nothing can be executed in the bundle's folder, as on an uploaded one.
    let program = lab.path("b/earmark");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("a mode");
    script(&lab, &[], &["../new", "copied.csv"]).done();
    assert_eq!(lab.read("elsewhere/copied.csv"), lab.read("wanted.csv"));

    // In a network name space of its own, which has no way out.
    let alone = ["unshare", "--map-root-user", "--net"];
    let allowed = Command::new(alone[0]).args(&alone[1..]).arg("true").output();
    if allowed.is_ok_and(|o| o.status.success()) {
        script(&lab, &alone, &["../new", "offline.csv"]).done();
        assert_eq!(lab.read("elsewhere/offline.csv"), lab.read("wanted.csv"));
    } else {
        println!("skipped: this system lets nobody have a network of their own (unshare)");
    }
    let sums = Command::new("sha256sum")
        .args(["-c", "--quiet", "SHA256SUMS"])
        .current_dir(lab.path("b"))
        .output();
    match sums {
        Ok(sums) => assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stdout)),
        Err(_) => println!("skipped: there is no sha256sum"),
    }
    let usage = script(&lab, &[], &["../new"]);
    assert!(
        usage.code == Some(1) && usage.err.starts_with("usage: sh predict.sh DATA OUT.csv"),
        "{usage}"
    );
}

#[test]
fn a_folder_is_another_bundle_or_the_same() {
    let lab = Lab::trained();
    lab.write("program", "#!/bin/sh\nexit 0\n");
    let pack = |more: &str| lab.earmark(&format!("bundle runs/a --program program {more}"));
    pack("-o b").done();
    let before = files(&lab.path("b"));
    let again = pack("-o b").done();
    assert_eq!(
        again.out,
        "b: already contains 1 model and the program, all unchanged\n"
    );
    assert_eq!(files(&lab.path("b")), before);
    // An empty folder is filled, with the same bytes.
    std::fs::create_dir(lab.path("c")).expect("a folder");
    pack("-o c").done();
    assert_eq!(files(&lab.path("c")), before);
    let message = pack("-o b --mean arithmetic").refused();
    assert!(
        message.starts_with("b: contains something other than this bundle; "),
        "{message}"
    );
    let message = pack("-o tones").refused();
    assert!(
        message.starts_with("tones: contains something other"),
        "{message}"
    );
    lab.write("b/classes.csv", "0,other\n");
    let message = pack("-o b").refused();
    assert!(
        message.starts_with("b: contains this bundle, but some of its files are damaged"),
        "{message}"
    );
    let message = pack("-o d --weights 1,2").refused();
    assert!(
        message.contains("there are 1 models; give one weight each"),
        "{message}"
    );
    let message = pack("-o d --weights 0").refused();
    assert!(
        message.starts_with("--weights [0.0]: weights must be finite"),
        "{message}"
    );
    let message = lab.earmark("bundle runs/none -o d").refused();
    assert!(message.contains("runs/none"), "{message}");
    let message = lab.earmark("bundle runs/a --program nothing -o d").refused();
    assert!(message.starts_with("nothing: "), "{message}");
    // No trace of what was refused.
    let left: Vec<String> = std::fs::read_dir(lab.path(""))
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|n| n == "d" || n.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
