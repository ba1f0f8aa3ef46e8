//! `tag` and `listen` detect by the same thresholds and windows.

use super::common::Lab;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A trained model, a calibrated copy of it, and a recording of four seconds.
fn lab() -> Lab {
    let lab = Lab::trained();
    lab.long_tone("long.wav", 900.0, 4);
    lab.calibrate("calibrated.safetensors");
    lab
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The lines and the summary of `listen --json`.
fn listened(lab: &Lab, arguments: &str) -> (Vec<Value>, Value) {
    let ended = lab
        .earmark(&format!("listen --input long.wav --fast --json {arguments}"))
        .done();
    let mut lines: Vec<Value> = ended.out.lines().map(parsed).collect();
    let summary = lines.pop().expect("a summary")["summary"].take();
    (lines, summary)
}

/// The summary of `tag --json`.
fn tagged(lab: &Lab, arguments: &str) -> Value {
    let ended = lab.earmark(&format!("tag long.wav -o tags.csv --json {arguments}"));
    parsed(&ended.done().out)
}

/// The classes of the events in a table of `tag`.
fn classes(table: &str) -> BTreeSet<String> {
    let rows = table.lines().skip(1);
    rows.map(|row| row.split(',').nth(2).expect("a class").to_owned())
        .collect()
}

#[test]
fn a_class_has_a_threshold_of_its_own() {
    let lab = lab();
    let tag = |arguments: &str| {
        let command = format!("tag long.wav --model runs/a --format csv {arguments}");
        lab.earmark(&command).done().out
    };
    assert_eq!(classes(&tag("--threshold 0")).len(), 3, "every class is detected");
    let low = tag("--threshold 1 --threshold low=0");
    assert_eq!(classes(&low), BTreeSet::from(["low".to_owned()]));
    lab.write("t.csv", "class,threshold\nlow,0\n");
    lab.write("t.json", "{\"LOW\": 0, \"mid\": 1}");
    for same in [
        "--threshold low=0 --threshold 1",
        "--threshold 1 --threshold t.csv",
        "--threshold t.json --threshold 1",
    ] {
        assert_eq!(tag(same), low, "{same}");
    }
    assert_eq!(
        classes(&tag("--threshold t.csv --threshold low=1 --threshold 0.999")).len(),
        0
    );

    let only_low = "--model runs/a --threshold 1 --threshold low=0";
    let (lines, summary) = listened(&lab, only_low);
    assert!(
        lines.len() == 8 && lines.iter().all(|line| line["detected"] == json!(["low"])),
        "{lines:?}"
    );
    assert_eq!(
        summary["thresholds"],
        json!({ "high": 1.0, "low": 0.0, "mid": 1.0 })
    );
    assert_eq!(summary["thresholds_from"], "given");
    let shown = lab
        .earmark(&format!("listen --input long.wav --fast {only_low}"))
        .done();
    for line in shown.out.lines() {
        let marked: Vec<&str> = line.split("  ").filter(|label| label.ends_with('*')).collect();
        assert!(marked.len() == 1 && marked[0].starts_with("low "), "{line}");
    }
}

#[test]
fn the_models_own_thresholds_are_the_default() {
    let lab = lab();
    let info = parsed(
        &lab.earmark("models info calibrated.safetensors --json")
            .done()
            .out,
    );
    let own = info["calibration"]["thresholds"]
        .as_array()
        .expect("a list")
        .clone();
    let is_own = |found: &Value| {
        assert_eq!(found["thresholds_from"], "model");
        for (class, own) in ["high", "low", "mid"].iter().zip(&own) {
            let (a, b) = (found["thresholds"][class].as_f64(), own.as_f64());
            let (a, b) = (a.expect("a number"), b.expect("a number"));
            assert!((a - b).abs() < 1e-6, "{class}: {a} and {b}");
        }
    };
    is_own(&tagged(&lab, "--model calibrated.safetensors"));
    let by_default = lab.read("tags.csv");
    is_own(&tagged(&lab, "--model calibrated.safetensors --threshold model"));
    assert_eq!(lab.read("tags.csv"), by_default);
    is_own(&listened(&lab, "--model calibrated.safetensors").1);
    // One class differently, the others as the model says.
    let one = tagged(&lab, "--model calibrated.safetensors --threshold mid=0.75");
    assert_eq!(one["thresholds"]["mid"], 0.75);
    assert_eq!(one["thresholds_from"], "model");
    // Without calibration there are none.
    assert_eq!(tagged(&lab, "--model runs/a")["thresholds"]["mid"], 0.3);
    for command in [
        "tag long.wav --model runs/a",
        "listen --input long.wav --model runs/a",
        "listen --input long.wav --model calibrated.safetensors --raw",
    ] {
        let message = lab.earmark(&format!("{command} --threshold model")).refused();
        assert!(
            message.starts_with("--threshold model: the model brings no thresholds"),
            "{message}"
        );
    }
}

#[test]
fn wrong_thresholds_are_refused_by_both() {
    let lab = Lab::trained();
    for (given, wanted) in [
        (
            "lwo=0.2",
            "--threshold lwo=0.2: the model has no class of that name; did you mean low?",
        ),
        ("low=2", "--threshold low=2: give a number from 0 to 1"),
        (
            "low=often",
            "--threshold low=often: what follows `=` is not a number; give one from 0 to 1",
        ),
        (
            "none.csv",
            "--threshold none.csv: give a number from 0 to 1, CLASS=NUMBER, `model`, or a file of thresholds (there is \
             no such file)",
        ),
    ] {
        for command in ["tag tones/low/0.wav", "listen --input tones/low/0.wav"] {
            let command = format!("{command} --model runs/a --threshold {given}");
            assert_eq!(lab.earmark(&command).refused(), wanted);
        }
    }
    let message = lab
        .earmark("tag tones/low/0.wav --model runs/a --classes mid --threshold low=0.2")
        .refused();
    assert!(message.contains("is not among those of --classes"), "{message}");
}

#[test]
fn windows_are_the_same_in_both() {
    let lab = lab();
    let note = "3 classes, windows of 1.01 s every 500 ms (the length used in training, overlapping by half), \
                threshold 0.3 (the default)";
    let own = json!({ "seconds": 1.015, "hop_seconds": 0.5, "length": "trained", "hop": "half" });
    let given = json!({ "seconds": 2.0, "hop_seconds": 0.25, "length": "given", "hop": "given" });
    for (arguments, wanted, windows) in [("", &own, 8), ("--window 2 --hop 0.25", &given, 16)] {
        let arguments = format!("--model runs/a {arguments}");
        assert_eq!(tagged(&lab, &arguments)["windows"], *wanted);
        let (lines, summary) = listened(&lab, &arguments);
        assert_eq!((&summary["windows"], lines.len()), (wanted, windows));
    }
    for command in [
        "tag long.wav --model runs/a",
        "listen --input long.wav --fast --model runs/a",
    ] {
        let ended = lab.earmark(command).done();
        assert!(ended.err.contains(note), "{ended}");
    }
    for (arguments, wanted) in [
        ("--hop 2", "--hop 2: is longer than a window of 1.015 s"),
        (
            "--window 0.5 --hop 1",
            "--hop 1: is longer than a window of 0.5 s",
        ),
    ] {
        for command in ["tag long.wav", "listen --input long.wav"] {
            let message = lab
                .earmark(&format!("{command} --model runs/a {arguments}"))
                .refused();
            assert!(message.starts_with(wanted), "{message}");
        }
    }
}

/// A network that takes any length is tagged by as much as it was trained on, too: `tag` took two seconds, `listen` the
/// training's.
#[test]
fn whole_clips_change_no_window() {
    let lab = Lab::new();
    lab.long_tone("long.wav", 900.0, 4);
    lab.earmark(
        "train tiny.toml --data tones --run runs/a --fold 1 --set train.epochs=1 --set predict.whole=true \
         --set front-end.segments.length-seconds=0.8",
    )
    .done();
    let wanted = json!({ "seconds": 0.815, "hop_seconds": 0.4, "length": "trained", "hop": "half" });
    assert_eq!(tagged(&lab, "--model runs/a")["windows"], wanted);
    assert_eq!(listened(&lab, "--model runs/a").1["windows"], wanted);
}

#[cfg(unix)]
#[test]
fn a_resume_log_knows_every_threshold() {
    let lab = Lab::trained();
    lab.write("same.csv", "LOW,0.5\n");
    let tag = |given: &str| format!("tag tones --model runs/a -o t.csv --threshold {given}");
    lab.crash(&tag("low=0.5"), "tag-journaled:2").killed();
    let ended = lab.earmark(&tag("low=0.4")).exit(1);
    assert!(
        ended.err.ends_with(
            "t.csv.journal: was started with --threshold low=0.5, not low=0.4; give the same, or add --fresh to start \
             over (its results are then lost)\n"
        ),
        "{ended}"
    );
    let ended = lab.earmark(&format!("{} --classes low", tag("low=0.5"))).exit(1);
    assert!(
        ended
            .err
            .contains("was started with all classes (no --classes), not --classes low; "),
        "{ended}"
    );
    // The same in other words is the same.
    let ended = lab.earmark(&tag("same.csv --threshold 0.3")).done();
    assert!(ended.err.contains("resuming: 2 of 18 recordings"), "{ended}");
}

#[test]
fn a_summary_for_programs() {
    let lab = Lab::trained();
    lab.long_tone("in/a.wav", 900.0, 2);
    lab.tone("in/deep/b.wav", 310.0);
    lab.write("in/broken.ogg", "OggS and nothing else");
    lab.write("in/notes.txt", "no audio");
    let ended = lab
        .earmark("tag in --model runs/a -o t.csv --json --threshold 0")
        .exit(2);
    let summary = parsed(&ended.out);
    for (key, wanted) in [
        ("models", json!(["runs/a/best.safetensors"])),
        ("classes", json!(["high", "low", "mid"])),
        ("inputs", json!(3)),
        ("ignored", json!(1)),
        ("tagged", json!(2)),
        ("resumed", json!(0)),
        ("seconds", json!(3.0)),
        ("events", json!(6)),
        ("out", json!("t.csv")),
    ] {
        assert_eq!(summary[key], wanted, "{key}");
    }
    assert_eq!(summary["skipped"][0][0], "in/broken.ogg");
    assert!(
        summary["skipped"][0][1]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
    // The table itself is as ever.
    let table = lab.read("t.csv");
    assert_eq!(
        table.lines().next(),
        Some("Start (s),End (s),Class,Confidence,File")
    );
    lab.earmark("tag in --model runs/a -o again.csv --threshold 0")
        .exit(2);
    assert_eq!(lab.read("again.csv"), table);
    let summary = lab
        .earmark("tag in --model runs/a --format raven --out-dir labels --json")
        .exit(2);
    assert_eq!(parsed(&summary.out)["out"], "labels");
    for streamed in ["", "-o -"] {
        let message = lab
            .earmark(&format!("tag in --model runs/a --json {streamed}"))
            .refused();
        assert!(
            message.starts_with("--json: prints a summary, and the results themselves"),
            "{message}"
        );
    }
}
