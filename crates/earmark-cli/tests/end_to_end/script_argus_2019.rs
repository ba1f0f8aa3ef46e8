//! The script of argus-2019, as it is next to the recipes: base models, stacking and a submission, from raw data.

use super::common::{CLASSES, Ended, Lab, Table, files, tensors};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = "argus-2019/pipeline.sh";

/// The base models on sounds of 8 kHz and one second: 12 steps per fold and 36 per process, as nothing ends a training
/// early.
const FIRST: &str = "--set front-end.sample-rate-hz=8000 --set front-end.mel.max-hz=4000 \
    --set front-end.stft.window-samples=512 --set front-end.stft.fft-samples=512 --set front-end.stft.hop-samples=125 \
    --set train.steps=12 --set batches.size=8 --set batches.sample.items=32 --set checkpoints.every-steps=4 \
    --set validation.early-stop-patience=0";

/// The meta-model: ten or eleven training clips per fold in batches of 16, so one step per epoch: 20 per fold, 60 per
/// trial.
const SECOND: &str =
    "--set train.epochs=20 --set checkpoints.every-steps=5 --set validation.early-stop-patience=0";

/// Steps that no training of a base model reaches and the search does, in its second trial.
const IN_SEARCH: &str = "step:70";

/// A data set in the layout of FSDKaggle2019: 18 curated clips, 6 noisy ones of which two have another's label, 4 test
/// clips.
pub fn lab() -> Lab {
    let lab = Lab::new();
    let mut curated = "fname,labels\n".to_owned();
    let mut noisy = curated.clone();
    let mut test = curated.clone();
    let mut sample = "fname,high,low,mid\n".to_owned();
    for (c, (class, hz)) in CLASSES.into_iter().enumerate() {
        for k in 0..6 {
            lab.tone(
                &format!("data/train_curated/{class}-{k}.wav"),
                hz * (1.0 + 0.03 * f64::from(k)),
            );
            curated += &format!("{class}-{k}.wav,{class}\n");
        }
        for k in 0..2 {
            lab.tone(
                &format!("data/train_noisy/{class}-n{k}.wav"),
                hz * (1.05 + 0.03 * f64::from(k)),
            );
            let label = CLASSES[if k == 1 && c < 2 { c + 1 } else { c }].0;
            noisy += &format!("{class}-n{k}.wav,{label}\n");
        }
        lab.tone(&format!("data/test/{class}-t.wav"), hz * 1.04);
        test += &format!("{class}-t.wav,{class}\n");
        sample += &format!("{class}-t.wav,0,0,0\n");
    }
    lab.write("data/train_curated.csv", curated);
    lab.write("data/train_noisy.csv", noisy);
    lab.write("data/test_post_competition.csv", test);
    lab.write("data/sample_submission.csv", sample);
    lab
}

/// Runs the script into `out`, killed at a crash point if one is named.
fn pipeline(lab: &Lab, out: &str, crash: Option<&str>) -> Ended {
    let variables = [
        ("QUICK", "1"),
        ("FIRST", FIRST),
        ("SECOND", SECOND),
        ("TRIALS", "2"),
    ];
    lab.script(SCRIPT, ["data", out], &variables, crash)
}

/// The submission in `whole` has a row for each test file and a column for each class.
pub fn assert_submission(lab: &Lab) {
    let submission = Table::parse(&lab.read("whole/submission.csv"));
    assert_eq!(submission.classes, ["high", "low", "mid"]);
    let rows: BTreeSet<&str> = submission.rows.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(rows, BTreeSet::from(["high-t.wav", "low-t.wav", "mid-t.wav"]));
    assert_eq!(submission.rows.len(), 3);
    for (file, scores) in &submission.rows {
        assert!(scores.iter().all(|s| *s > 0.0 && *s < 1.0), "{file}: {scores:?}");
    }
}

/// A run has the same weights in `whole` and in `killed`. The tensors are compared, as a model file may name its inputs
/// or corrections, which are in another folder here.
pub fn assert_same_weights(lab: &Lab, run: &str) {
    let weights = |out: &str| tensors(&lab.path(&format!("{out}/{run}/best.safetensors")));
    assert!(
        weights("whole") == weights("killed"),
        "the weights of {run} differ"
    );
}

#[test]
fn the_pipeline_ends_the_same_however_often_it_is_killed() {
    let lab = lab();
    let ended = pipeline(&lab, "whole", None).done();
    assert!(ended.out.contains("by nested cross-validation"), "{ended}");

    assert_submission(&lab);
    // The scores of the curated clips, each by a model that was not trained on it.
    let own = Table::parse(&lab.read("whole/oof.csv"));
    assert_eq!(own.rows.len(), 18);
    let chosen = lab.read("whole/chosen.txt");
    assert!(
        chosen.lines().count() > 0 && chosen.lines().all(|run| lab.path(run).is_dir()),
        "{chosen}"
    );

    // Killed in the second fold of the first run, then in the second trial of the search, then let through.
    let killed = pipeline(&lab, "killed", Some("step:18"));
    assert_eq!(killed.code, Some(128 + 9), "{killed}");
    assert!(lab.path("killed/first-1/fold-1/eval").exists());
    assert!(!lab.path("killed/first-1/folds.json").exists());
    let killed = pipeline(&lab, "killed", Some(IN_SEARCH));
    assert_eq!(killed.code, Some(128 + 9), "{killed}");
    assert!(lab.path("killed/first-3/folds.json").exists());
    assert!(lab.path("killed/search/trial-002").exists());
    assert!(!lab.path("killed/stack").exists());
    let trial = files(&lab.path("killed/search/trial-001"));
    pipeline(&lab, "killed", None).done();
    assert!(
        files(&lab.path("killed/search/trial-001")) == trial,
        "what has ended is left alone"
    );
    for name in ["submission.csv", "oof.csv"] {
        assert!(
            lab.bytes(&format!("whole/{name}")) == lab.bytes(&format!("killed/{name}")),
            "{name} differs"
        );
    }
    for run in [
        "first-1/fold-1",
        "first-1/fold-2",
        "first-3/fold-3",
        "search/trial-002/fold-1",
        "stack/fold-2",
    ] {
        assert_same_weights(&lab, run);
    }
    // Started again when all is done, it makes the same again.
    pipeline(&lab, "killed", None).done();
    assert!(lab.bytes("whole/submission.csv") == lab.bytes("killed/submission.csv"));
}

#[test]
fn what_the_script_needs_is_said() {
    let lab = Lab::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../recipes")
        .join(SCRIPT);
    let usage = Command::new("sh")
        .arg(script)
        .arg("data")
        .output()
        .expect("sh to start");
    assert!(!usage.status.success());
    assert!(String::from_utf8_lossy(&usage.stderr).contains("usage: sh pipeline.sh DATA OUT"));
    let refused = pipeline(&lab, "two levels", None).refused();
    assert_eq!(refused, "OUT may not contain spaces: two levels");
}
