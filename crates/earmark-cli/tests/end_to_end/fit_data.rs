//! Folders that a fit is given, as people have them.

use super::common::{Ended, Lab, tone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A fit without a network, whose first way alone is tried.
fn fit(lab: &Lab, dir: &str, out: &str) -> Ended {
    let what = format!("fit {dir} -o {out} --minutes 0.0001 --json");
    let mut command = lab.command(&what);
    let output = command.env("EARMARK_MODELS", lab.path("models")).output();
    Ended::of(&what, output.expect("the command to start"))
}

/// A few lines: what was found, what is expected, and one command.
#[test]
fn a_folder_without_classes_is_refused_shortly() {
    let lab = Lab::new();
    for (file, hz) in [("b.wav", 700.0), ("a.wav", 710.0)] {
        lab.tone(&format!("flat/{file}"), hz);
        lab.tone(&format!("my sounds/{file}"), hz);
    }
    std::fs::create_dir(lab.path("empty")).expect("a folder");
    lab.write("texts/read.me", "nothing to be listened to\n");
    for (dir, found, command) in [
        (
            "flat",
            "flat: has 2 recordings, such as a.wav, and nothing says of which class each is",
            "earmark fit flat --table labels.csv",
        ),
        (
            "my sounds",
            "my sounds: has 2 recordings, such as a.wav, and nothing says of which class each is",
            "earmark fit 'my sounds' --table labels.csv",
        ),
        ("empty", "empty: is empty", "earmark fit empty --table labels.csv"),
        (
            "texts",
            "texts: has no recordings, but 1 other file or folder, such as read.me",
            "earmark fit texts --table labels.csv",
        ),
    ] {
        let output = lab.command("fit").arg(dir).output();
        let ended = Ended::of(dir, output.expect("the command to start")).exit(1);
        let lines: Vec<&str> = ended.err.lines().collect();
        assert_eq!(lines.len(), 3, "{ended}");
        assert_eq!(lines[0], format!("error: {found}"));
        assert!(
            lines[1].starts_with("  expected: a folder for each class (") && lines[1].len() < 140,
            "{ended}"
        );
        assert!(lines[1].contains(&format!("({dir}/dog/1.wav, ")), "{ended}");
        assert_eq!(lines[2], format!("  example: {command}"));
        assert_eq!(ended.out, "");
    }
}

/// Five recordings, each of a deep tone and then a shrill one, and two detections of each that overlap.
fn cut_out() -> Lab {
    let lab = Lab::new();
    let mut tags = String::from("file,start_seconds,end_seconds,class,score\n");
    for k in 0..5 {
        let file = format!("in/r{k}.wav");
        let pitch = |hz: f64| hz * (1.0 + 0.1 * f64::from(k));
        lab.wav(&file, tone(pitch(300.0), 4).chain(tone(pitch(2500.0), 4)));
        for (class, start) in [("deep", 0.5), ("deep", 1.5), ("shrill", 4.5), ("shrill", 5.5)] {
            tags += &format!("{file},{start},{},{class},0.9\n", start + 1.0);
        }
    }
    lab.write("tags.csv", tags);
    lab.earmark("extract tags.csv -o clips --pad 0.5").done();
    lab
}

/// The folds of the clips of each recording, whose name a clip begins with.
fn folds_by_recording(lab: &Lab, table: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut folds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lab.read(table).lines().skip(1) {
        let (file, fold) = line.rsplit_once(',').expect("a fold");
        let name = file.rsplit('/').next().expect("a name");
        let recording = name.split('_').next().expect("a recording");
        folds
            .entry(recording.to_owned())
            .or_default()
            .insert(fold.to_owned());
    }
    folds
}

#[test]
fn cut_outs_of_one_recording_are_in_one_fold() {
    let lab = cut_out();
    let checked = lab.earmark("data check clips --json").done();
    let checked: Value = serde_json::from_str(&checked.out).expect("JSON");
    let findings = checked["findings"].as_array().expect("a list").iter();
    let overlaps: Vec<&Value> = findings
        .filter(|finding| finding["message"] == "cut-outs of one recording that overlap")
        .collect();
    assert_eq!(overlaps.len(), 10, "{checked}");
    assert!(overlaps.iter().all(|finding| finding["kind"] == "near-duplicate"));
    let places = overlaps[0]["places"].as_array().expect("a list");
    assert_eq!(places[0]["file"], "deep/r0_0.500.wav");
    assert_eq!(places[1]["file"], "deep/r0_1.500.wav");

    for (by, out) in [
        ("extracts.csv", "table.safetensors"),
        ("their names", "names.safetensors"),
    ] {
        if by == "their names" {
            std::fs::remove_file(lab.path("clips/extracts.csv")).expect("to remove");
        }
        let ended = fit(&lab, "clips", out).done();
        let note = format!(
            "20 clips are cut-outs of 5 recordings, by {by}: folds keep those of one recording together\n"
        );
        assert_eq!(ended.err.matches(&note).count(), 1, "{ended}");
        let folds = folds_by_recording(&lab, &format!("{out}.fit/folds.csv"));
        assert_eq!(folds.len(), 5, "{folds:?}");
        assert!(folds.values().all(|folds| folds.len() == 1), "{folds:?}");
    }
}

/// The report of a fit that has not ended is not there, and what there is of the fit is said.
#[test]
fn a_fit_that_has_not_ended_has_no_report() {
    let lab = Lab::new();
    fit(&lab, "tones", "t.safetensors").done();
    let refused = lab.earmark("report t.safetensors.fit").refused();
    assert!(
        refused.contains("the report that `earmark fit` wrote is"),
        "{refused}"
    );
    // As a kill leaves it.
    for name in ["fit.json", "report.html"] {
        std::fs::remove_file(lab.path(&format!("t.safetensors.fit/{name}"))).expect("to remove");
    }
    for what in ["t.safetensors.fit", "t.safetensors"] {
        let refused = lab.earmark(&format!("report {what}")).refused();
        let begins = format!(
            "{what}: is of a fit that has not ended, so that there is no report yet, which will be \
             t.safetensors.fit/report.html; finished so far: summary-baseline; `earmark runs t.safetensors.fit` shows its "
        );
        assert!(refused.starts_with(&begins), "{refused}");
        assert!(
            refused.ends_with("trainings; run the same `earmark fit` command again to resume"),
            "{refused}"
        );
    }
    std::fs::remove_file(lab.path("t.safetensors.fit/summary-baseline.json")).expect("to remove");
    let refused = lab.earmark("report t.safetensors.fit --json").refused();
    assert!(refused.contains("no way to a model has finished"), "{refused}");
}

/// A recorder that failed leaves silence, or a header alone: it is said which clips are such, as `data check` does, when
/// they are used and at the end.
#[test]
fn silent_clips_are_named() {
    let lab = Lab::new();
    lab.wav("tones/low/empty.wav", vec![0; 8000]);
    lab.wav("tones/low/header.wav", vec![]);
    let what = "fit tones -o t.safetensors --json";
    let mut command = lab.command(what);
    let output = command.env("EARMARK_MODELS", lab.path("models")).output();
    let ended = Ended::of(what, output.expect("the command to start")).done();
    let said = "1 clip is silent (below -70 dBFS throughout), and so trained on as if that were the class: \
                low/empty.wav; listen to them, and remove them if nothing is there";
    assert!(ended.err.contains(said), "{ended}");
    let found: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(found["silent"], serde_json::json!(["low/empty.wav"]));
    let warnings = found["warnings"].as_array().expect("a list");
    assert!(warnings.iter().any(|warning| warning == said), "{found}");
    let said = "1 clip has no samples, so that silence is trained on as if it were the class: low/header.wav; record or \
                copy them again, or remove them";
    assert!(ended.err.contains(said), "{ended}");
    assert_eq!(found["empty"], serde_json::json!(["low/header.wav"]));
    let train =
        "train tiny.toml --data tones --run run --set train.epochs=1 --set validation.split={kind=\"none\"}";
    let ended = lab.earmark(train).done();
    assert!(
        ended
            .err
            .contains("low/header.wav: the file contains no samples\n"),
        "{ended}"
    );
}

/// The table of folds of a fit, and its scores, are read back whatever the names of folders.
#[cfg(unix)]
#[test]
fn names_with_line_breaks() {
    let lab = Lab::new();
    for (class, hz) in [("bell\r", 700.0), ("drum\nroll", 2000.0)] {
        for k in 0..6 {
            lab.tone(&format!("odd/{class}/{k}.wav"), hz * (1.0 + 0.03 * f64::from(k)));
        }
    }
    let checked = lab.earmark("data check odd").done();
    assert!(
        checked
            .out
            .contains("warning: 12 recordings with a line break or another control character in the name"),
        "{checked}"
    );
    let plain = lab.earmark("data check tones").done();
    assert!(!plain.out.contains("control character"), "{plain}");
    let found: Value = serde_json::from_str(&fit(&lab, "odd", "odd.safetensors").done().out).expect("JSON");
    assert_eq!(found["clips"], 12);
    assert_eq!(found["ways"][0]["clips"], 12);
    assert_eq!(found["classes"], serde_json::json!(["bell", "drum\nroll"]));
    let again = fit(&lab, "odd", "odd.safetensors").done();
    assert!(
        again.err.contains("summary-baseline: finished already"),
        "{again}"
    );
    // So is a table that is made beforehand.
    lab.earmark("data folds odd -o folds.csv").done();
    let what = "fit odd -o asked.safetensors --minutes 0.0001 --fold-table folds.csv";
    let mut command = lab.command(what);
    let output = command.env("EARMARK_MODELS", lab.path("models")).output();
    Ended::of(what, output.expect("the command to start")).done();
}
