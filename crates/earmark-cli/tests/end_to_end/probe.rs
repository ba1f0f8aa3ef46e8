//! Linear probes: what they choose, calibrate and say, and sound that belongs to none of the classes.

use super::common::{LEARN_WELL, Lab};
use serde_json::Value;

/// A model whose network tells tones apart, and two other classes of five recordings each in `other/`.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    lab.add_other();
    lab
}

/// Five recordings of a tone between the two.
fn middle(lab: &Lab, folder: &str) {
    for k in 0..5 {
        lab.tone(&format!("{folder}/{k}.wav"), 1000.0 + 15.0 * f64::from(k));
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What a model file says about itself.
fn metadata(lab: &Lab, name: &str) -> String {
    let bytes = lab.bytes(name);
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let length = usize::try_from(length).expect("a length");
    String::from_utf8(bytes[8..8 + length].to_vec()).expect("text")
}

/// Scores of each recording, by name.
fn scores(lab: &Lab, name: &str) -> Vec<(String, Vec<f64>)> {
    let row = |line: &str| {
        let mut cells = line.split(',');
        let file = cells.next().expect("a name").to_owned();
        (file, cells.map(|v| v.parse().expect("a score")).collect())
    };
    lab.read(name).lines().skip(1).map(row).collect()
}

#[test]
fn a_probe_chooses_and_calibrates_itself() {
    let lab = lab();
    let ended = lab
        .earmark("probe runs/a --data other -o probe.safetensors --folds all --json")
        .done();
    let probe = json(&ended.out);
    assert_eq!(probe["independent"], false);
    assert_eq!(probe["layer"], "last");
    let path = probe["path"].as_array().expect("all that was tried");
    assert_eq!(path.len(), 13, "one layer, thirteen strengths");
    let strengths: Vec<f64> = path.iter().filter_map(|t| t["strength"].as_f64()).collect();
    assert!(strengths.is_sorted_by(|a, b| a > b), "{strengths:?}");
    let best = path.iter().min_by(|a, b| {
        let loss = |t: &Value| t["log_loss"].as_f64().expect("a loss");
        loss(a).total_cmp(&loss(b))
    });
    assert_eq!(probe["strength"], best.expect("trials")["strength"]);
    for fold in probe["folds"].as_array().expect("folds") {
        assert_eq!(fold["layer"], "last");
        assert!(
            fold["log_loss"].is_number() && fold["neighbours"].is_number(),
            "{fold}"
        );
    }
    // Calibrated by scores of clips that were not trained on, and written so.
    let calibration = &probe["calibration"];
    assert_eq!(calibration["calibration"]["rule"]["kind"], "softmax");
    assert_eq!(calibration["calibration"]["clips"], 10);
    assert!(metadata(&lab, "probe.safetensors").contains("thresholds"));
    let before = calibration["before"]["log_loss"].as_f64().expect("a loss");
    assert!(before < 0.7, "better than guessing one of two: {calibration}");
    // The result as text says the same.
    let ended = lab.earmark("probe runs/a --data other --folds all").done();
    for part in [
        "10 clips, 2 classes; last layer (",
        "calibrated on held-out clips: log loss ",
        "5 neighbours",
        "pooled: lwlrap ",
    ] {
        assert!(ended.out.contains(part), "{part}: {ended}");
    }
    assert!(
        ended.err.contains("classes exclude each other: one softmax"),
        "{ended}"
    );
}

/// Copies that begin or end elsewhere are trained on, and that is all: folds and calibration are of the clips.
#[test]
fn copies_of_clips_are_for_training_alone() {
    let lab = lab();
    let probe = "probe runs/a --data other --folds all --json";
    let ended = lab
        .earmark(&format!("{probe} --copies 2 -o with.safetensors"))
        .done();
    assert!(
        ended
            .err
            .contains("; also fitted to 20 copies that begin or end elsewhere"),
        "{ended}"
    );
    let with = json(&ended.out);
    let without = json(&lab.earmark(&format!("{probe} -o without.safetensors")).done().out);
    assert_eq!((&with["copies"], &without["copies"]), (&20.into(), &Value::Null));
    for probe in [&with, &without] {
        assert_eq!(probe["clips"], 10);
        assert_eq!(probe["calibration"]["calibration"]["clips"], 10);
    }
    assert!(lab.bytes("with.safetensors") != lab.bytes("without.safetensors"));
    let refused = lab.earmark(&format!("{probe} --copies 101")).refused();
    assert_eq!(refused, "--copies 101: choose 0 to 100; 3 is usual");
    let refused = lab
        .earmark(&format!("{probe} --copies 2 --independent"))
        .refused();
    assert!(refused.contains("cannot be used with"), "{refused}");
}

/// Tones that differ this clearly want no regularisation at all.
#[test]
fn a_strength_at_the_end_of_the_grid_is_said() {
    let lab = lab();
    let ended = lab
        .earmark("probe runs/a --data other -o x.safetensors --json")
        .done();
    let probe = json(&ended.out);
    assert_eq!(probe["strength"], 0.01);
    let warning = probe["warnings"][0].as_str().expect("a warning");
    assert!(
        warning.starts_with("strength 0.01 is the weakest that was tried"),
        "{warning}"
    );
    let ended = lab.earmark("probe runs/a --data other -o y.safetensors").done();
    assert!(
        ended.out.contains("caution: strength 0.01 is the weakest"),
        "{ended}"
    );
    // One that was given is nobody's choice.
    let ended = lab
        .earmark("probe runs/a --data other -o z.safetensors --strength 3 --json")
        .done();
    let probe = json(&ended.out);
    assert_eq!(probe["strength"], 3.0);
    assert_eq!(probe["warnings"], serde_json::json!([]));
    assert!(!probe["calibration"].is_null(), "it is calibrated all the same");
}

#[test]
fn background_is_never_a_class() {
    let lab = lab();
    middle(&lab, "other/Noise");
    let ended = lab
        .earmark(
            "probe runs/a --data other -o tagger.safetensors --folds all --out-of-fold oof.csv \
             --background-copies 0 --json",
        )
        .done();
    assert!(ended.err.contains("none of them in "), "{ended}");
    let probe = json(&ended.out);
    assert_eq!(probe["classes"], serde_json::json!(["deep", "shrill"]));
    assert_eq!(probe["independent"], true);
    assert_eq!(probe["clips"], 10);
    assert!(probe["background"].as_u64().expect("pieces") >= 5, "{probe}");
    assert_eq!(probe["calibration"]["calibration"]["rule"]["kind"], "classes");
    assert!(lab.read("oof.csv").lines().all(|line| !line.contains("Noise")));
    // Its recordings have neither class, and those of the classes have theirs.
    lab.earmark("predict tagger.safetensors --data other -o scores.csv")
        .done();
    let thresholds: Vec<f64> = probe["calibration"]["calibration"]["thresholds"]
        .as_array()
        .expect("thresholds")
        .iter()
        .map(|t| t.as_f64().expect("a number"))
        .collect();
    for (file, row) in scores(&lab, "scores.csv") {
        let found: Vec<bool> = row.iter().zip(&thresholds).map(|(s, t)| s >= t).collect();
        let want = [file.starts_with("deep/"), file.starts_with("shrill/")];
        assert_eq!(found, want, "{file}: {row:?}, thresholds {thresholds:?}");
    }
    // The model's recipe reads the folder in the model's classes.
    assert!(metadata(&lab, "tagger.safetensors").contains("Noise"));
    let ended = lab
        .earmark("probe runs/a --data other -o classes.safetensors --exclusive --json")
        .done();
    let probe = json(&ended.out);
    assert_eq!(probe["classes"], serde_json::json!(["Noise", "deep", "shrill"]));
    assert_eq!(probe["independent"], false);
    assert_eq!(probe["background"], 0);
}

#[test]
fn recordings_of_background_are_cut_into_pieces() {
    let lab = lab();
    for k in 0..3 {
        lab.long_tone(&format!("field/{k}.wav"), 1000.0 + 15.0 * f64::from(k), 4);
    }
    lab.write("field/notes.txt", "by the pond");
    let ended = lab
        .earmark("probe runs/a --data other --background field -o tagger.safetensors --json")
        .done();
    assert!(
        ended.err.contains("--background field: 1 file is not audio"),
        "{ended}"
    );
    let probe = json(&ended.out);
    assert_eq!(probe["independent"], true);
    assert_eq!(probe["clips"], 10);
    let pieces = probe["background"].as_u64().expect("pieces");
    assert!(pieces > 3 * 3, "of four seconds in segments of one: {pieces}");
    // One class and background is enough to tell apart.
    middle(&lab, "one/bell");
    let one = lab.earmark("probe runs/a --data one --background field -o bell.safetensors --json");
    assert_eq!(json(&one.done().out)["classes"], serde_json::json!(["bell"]));
    let refused = lab.earmark("probe runs/a --data one -o x.safetensors").refused();
    assert!(refused.contains("has only the class \"bell\""), "{refused}");
}

#[test]
fn background_that_can_not_be_is_refused() {
    let lab = lab();
    let refused = lab
        .earmark("probe runs/a --data other --background nowhere -o x.safetensors")
        .refused();
    assert_eq!(
        refused,
        "--background nowhere: there is no such folder; check the path"
    );
    for class in ["noise", "other"] {
        middle(&lab, &format!("nothing/{class}"));
    }
    let refused = lab
        .earmark("probe runs/a --data nothing -o x.safetensors")
        .refused();
    assert!(
        refused.contains("all its classes (noise, other) are names of background"),
        "{refused}"
    );
    let refused = lab
        .earmark("probe runs/a --data other --background nothing --exclusive -o x.safetensors")
        .refused();
    assert!(refused.contains("cannot be used with"), "{refused}");
    lab.earmark("probe runs/a --data nothing --exclusive -o x.safetensors")
        .done();
}

/// With `--independent`, scores are those of a sigmoid per class.
#[test]
fn independent_classes_need_no_background() {
    let lab = lab();
    let ended = lab
        .earmark("probe runs/a --data other --independent -o tagger.safetensors --folds all --json")
        .done();
    let probe = json(&ended.out);
    assert_eq!(probe["independent"], true);
    assert_eq!(probe["background"], 0);
    assert_eq!(probe["judged"]["accuracy"], 1.0);
    let calibration = &probe["calibration"]["calibration"];
    assert_eq!(
        calibration["rule"]["kind"], "classes",
        "a softmax would have one slope"
    );
    assert_eq!(calibration["rule"]["lines"].as_array().unwrap().len(), 2);
    let exclusive = lab
        .earmark("probe runs/a --data other --exclusive -o exclusive.safetensors --json")
        .done();
    let rule = json(&exclusive.out)["calibration"]["calibration"]["rule"].clone();
    assert_eq!(rule["kind"], "softmax");
}
