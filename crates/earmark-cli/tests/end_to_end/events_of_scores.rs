//! `earmark events`: events of scores that are kept, the same as `tag` writes.

use super::common::{CLASSES, LEARN_WELL, Lab};
use serde_json::{Value, json};

/// A lab whose model knows the tones, three recordings of them, one of them unreadable, and the scores of their
/// windows.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    for (k, (class, hz)) in CLASSES.iter().enumerate() {
        lab.long_tone(&format!("in/{class}.wav"), *hz, 2 + k as u32);
    }
    lab.write("in/zz.ogg", "OggS and nothing else");
    for scores in ["scores.csv", "scores.parquet"] {
        lab.earmark(&format!("tag in --model runs/a --windows -o {scores} -q"))
            .exit(2);
    }
    lab
}

#[test]
fn events_of_scores_are_those_of_tag() {
    let lab = lab();
    assert!(
        lab.read("scores.csv")
            .starts_with("File,Start (s),End (s),high,low,mid,recording\nin/high.wav,0.000,")
    );
    for (rule, name) in [
        ("", "a.csv"),
        ("--threshold 0.5 --threshold LOW=0.05 --release 1", "b.parquet"),
        (
            "--threshold 0.1 --merge 1 --min-duration 0.6 --score mean",
            "c.selections.txt",
        ),
        ("--classes mid,low --top-k 1 --threshold 0", "d.csv"),
    ] {
        lab.earmark(&format!("tag in --model runs/a -q {rule} -o tag-{name}"))
            .exit(2);
        let wanted = lab.bytes(&format!("tag-{name}"));
        for scores in ["scores.csv", "scores.parquet"] {
            lab.earmark(&format!("events {scores} {rule} -o {name}")).done();
            assert!(lab.bytes(name) == wanted, "{scores} {rule} {name}");
        }
    }
    let table = lab.read("d.csv");
    assert!(table.lines().count() > 3 && !table.contains(",high,"), "{table}");
    // To a screen or a pipe, and with a summary for programs.
    let shown = lab.earmark("events scores.csv").done();
    assert!(shown.out.starts_with("in/high.wav (2 s, "), "{shown}");
    assert!(
        shown
            .err
            .contains("scores.csv: 3 classes, threshold 0.3 (the default)"),
        "{shown}"
    );
    let summary = lab
        .earmark("events scores.parquet --threshold 0 -o e.json --json")
        .done();
    let summary: Value = serde_json::from_str(&summary.out).expect("JSON");
    assert_eq!(summary["recordings"], 3);
    assert_eq!(summary["events"], 9);
    assert_eq!(summary["seconds"], 9.0);
    assert_eq!(
        summary["thresholds"],
        json!({ "high": 0.0, "low": 0.0, "mid": 0.0 })
    );
    assert_eq!(summary["thresholds_from"], "given");
}

#[test]
fn a_calibrated_model_brings_its_thresholds() {
    let lab = Lab::trained();
    lab.long_tone("in/long.wav", 900.0, 4);
    lab.calibrate("m.safetensors");
    lab.earmark("tag in --model m.safetensors --windows -o windows.csv -q")
        .done();
    lab.earmark("tag in --model m.safetensors -o wanted.csv -q")
        .done();
    let ended = lab
        .earmark("events windows.csv --model m.safetensors --threshold model -o events.csv")
        .done();
    assert!(ended.err.contains("(the model's own)"), "{ended}");
    assert_eq!(lab.read("events.csv"), lab.read("wanted.csv"));
}

#[test]
fn what_can_not_be_is_refused() {
    let lab = Lab::trained();
    lab.earmark("tag tones/low --model runs/a --windows -o scores.csv")
        .done();
    lab.earmark("tag tones/low --model runs/a --windows --top-k 1 -o best.csv")
        .done();
    for (arguments, message) in [
        ("best.csv -o t.csv", "best.csv: not a table of window scores"),
        ("none.csv -o t.csv", "none.csv: cannot be read: "),
        (
            "scores.csv -o t.xyz",
            "t.xyz: its ending names no known format; end it in .csv, .json, .ndjson, .parquet, .aoef.json (soundevent) \
             or .selections.txt (Raven), or give --format",
        ),
        (
            "scores.csv -o scores.csv",
            "-o scores.csv: would replace what the command reads (SCORES scores.csv); name another file",
        ),
        ("scores.csv --json", "--json: prints a summary"),
        (
            "scores.csv --threshold model",
            "--threshold model: whose thresholds?",
        ),
        (
            "scores.csv --threshold 2",
            "--threshold 2: give a number from 0 to 1",
        ),
        (
            "scores.csv --classes lwo",
            "--classes lwo: the model has no class of that name; did you mean low?",
        ),
        (
            "scores.csv --format audacity -o t.txt",
            "--format audacity: a label track is for one recording",
        ),
    ] {
        let refused = lab.earmark(&format!("events {arguments}")).refused();
        assert!(refused.starts_with(message), "{arguments}: {refused}");
    }
    assert!(!lab.path("t.csv").exists() && !lab.path("t.txt").exists());
}
