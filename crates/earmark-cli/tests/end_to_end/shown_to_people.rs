//! Names, lines and commands that are printed for people: short, true, and to be run as they are.

use super::common::{Ended, Lab};
use serde_json::{Value, json};
use std::path::Path;

/// Runs the command with a models folder of its own.
fn run(lab: &Lab, arguments: &str) -> Ended {
    let mut command = lab.command(arguments);
    let output = command.env("EARMARK_MODELS", lab.path("models")).output();
    Ended::of(arguments, output.expect("the command to start"))
}

/// A lab with a model of 80 classes, imported without -o.
fn with_installed() -> Lab {
    let lab = Lab::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../earmark-hub/tests/golden/argus-2019-rnn.pth");
    let import = format!("models import {} --as argus-2019", golden.display());
    let ended = run(&lab, &import).done();
    assert!(ended.err.contains("installed as argus-2019: "), "{ended}");
    lab
}

/// What the note on a model of 80 classes begins with.
fn name_of_model(ended: &Ended) -> &str {
    let mut lines = ended.err.lines();
    let name = lines.find_map(|line| Some(line.split_once(": 80 classes, ")?.0));
    name.unwrap_or_else(|| panic!("{ended}"))
}

/// An import without -o is known by its name, by which it is also shown.
#[test]
fn an_installed_model_is_shown_by_its_name() {
    let lab = with_installed();
    let ended = run(&lab, "tag tones/high/0.wav --model argus-2019 -o events.csv").done();
    assert_eq!(name_of_model(&ended), "argus-2019");
    // The same file by its path, which is below this folder.
    let file = lab.path("models/argus-2019.safetensors");
    lab.write("mine/own.safetensors", std::fs::read(&file).expect("a model"));
    let own = lab.path("mine/own.safetensors");
    let ended = run(
        &lab,
        &format!("tag tones/high/0.wav --model {} -o own.csv", own.display()),
    )
    .done();
    // A temporary folder may be a link, which the current folder's own path is not.
    let name = Path::new(name_of_model(&ended));
    assert!(
        name == Path::new("mine/own.safetensors")
            || lab.path("").canonicalize().is_ok_and(|here| here != lab.path("")),
        "{ended}"
    );
    assert_eq!(lab.read("own.csv"), lab.read("events.csv"));
}

/// Hundreds of classes are counted, and no line is wider than a page.
#[test]
fn a_model_with_many_classes_is_described_in_short_lines() {
    let lab = with_installed();
    let info = run(&lab, "models info argus-2019").done().out;
    let facts: Vec<&str> = info.lines().take_while(|line| !line.is_empty()).collect();
    for line in facts
        .iter()
        .filter(|line| !line.starts_with("file ") && !line.starts_with("source "))
    {
        assert!(line.chars().count() <= 100, "{info}");
    }
    let facts = facts.join(" ");
    let words: Vec<&str> = facts.split_whitespace().collect();
    assert!(
        words.join(" ").contains(" and 70 more (--class-names lists all)"),
        "{info}"
    );
    let names = run(&lab, "models info argus-2019 --class-names").done().out;
    let names: Vec<&str> = names.lines().collect();
    let all = run(&lab, "models info argus-2019 --json").done().out;
    let all: Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(json!(names), all["class_names"]);
    assert_eq!(names.len(), 80);
}

/// Scores of windows are not called events, and no threshold is said to decide about them.
#[test]
fn tag_says_that_it_writes_scores_of_windows() {
    let lab = Lab::trained();
    let ended = lab
        .earmark("tag tones/low --model runs/a --windows -o windows.csv")
        .done();
    assert!(
        ended
            .err
            .contains("overlapping by half), scores of every window\n"),
        "{ended}"
    );
    assert!(
        ended.out.ends_with("scores of their windows: windows.csv\n"),
        "{ended}"
    );
    let said = format!("{}{}", ended.out, ended.err);
    assert!(!said.contains("threshold") && !said.contains("event"), "{ended}");
    let ended = lab
        .earmark("tag tones/low --model runs/a --windows --top-k 2 -o best.csv --threshold 0.9 --json")
        .done();
    assert!(
        ended.err.contains("the 2 best scores of every window\n"),
        "{ended}"
    );
    assert!(
        ended
            .err
            .contains("--threshold changes no score of a window; give it to `earmark events`"),
        "{ended}"
    );
    let summary: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(summary["writes"], "windows");
    for key in ["thresholds", "thresholds_from", "events"] {
        assert!(summary.get(key).is_none(), "{key}: {ended}");
    }
    let ended = lab.earmark("tag tones/low --model runs/a -o t.csv --json").done();
    let summary: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(summary["writes"], "events");
    assert!(summary["events"].is_u64() && summary["thresholds"]["low"].is_number());
}

/// What is printed to be run next is a command with everything in it.
#[test]
fn next_commands_can_be_run_as_they_are_printed() {
    let lab = Lab::trained();
    lab.write("program", "#!/bin/sh\nexit 0\n");
    let ended = lab.earmark("bundle runs/a --program program -o packed").done();
    assert!(
        ended
            .out
            .contains("use it with `sh packed/predict.sh DATA OUT.csv`"),
        "{ended}"
    );
    assert!(lab.path("packed/predict.sh").is_file());
}

#[cfg(unix)]
#[test]
fn an_interrupted_search_says_how_to_resume() {
    let lab = Lab::new();
    let tune = "tune tiny.toml --data tones --fold 1 --run runs/t --set train.epochs=20 --grid \
                train.learning-rate=1e-2,1e-3";
    let started = lab.start_and_wait(tune, "runs/t/trial-001", 2);
    started.signal("INT");
    let ended = started.end().exit(130);
    let line = ended
        .err
        .lines()
        .find_map(|line| line.split_once("resume with: earmark "));
    let (_, command) = line.unwrap_or_else(|| panic!("{ended}"));
    let words = shlex::split(command).expect("words");
    assert_eq!(
        words,
        format!("{tune} --resume").split_whitespace().collect::<Vec<_>>()
    );
    let resumed = lab.command("").args(words).output();
    let resumed = Ended::of(command, resumed.expect("the command to start")).done();
    assert!(resumed.out.contains("best: runs/t/trial-00"), "{resumed}");
}
