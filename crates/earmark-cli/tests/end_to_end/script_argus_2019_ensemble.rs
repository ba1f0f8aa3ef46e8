//! The script of argus-2019's ensemble: seven base models, three meta-models and a submission, from raw data.

use super::common::{Ended, Lab, files};
use super::script_argus_2019::{assert_same_weights, assert_submission, lab};
use std::collections::{BTreeMap, BTreeSet};

/// The base models on sounds of 8 kHz and one second: 6 steps per fold and 12 per process, as nothing ends a training
/// early.
const FIRST: &str = "--set front-end.sample-rate-hz=8000 --set front-end.mel.max-hz=4000 \
    --set front-end.stft.window-samples=512 --set front-end.stft.fft-samples=512 --set front-end.stft.hop-samples=125 \
    --set train.steps=6 --set batches.size=8 --set batches.sample.items=32 --set checkpoints.every-steps=3 \
    --set validation.early-stop-patience=0 --set folds.count=2";

/// The meta-models: four batches are an epoch, so 40 steps per fold and 80 per process.
const SECOND: &str = "--set train.epochs=10 --set network.base=16 --set batches.size=8 --set batches.sample.items=32 \
    --set checkpoints.every-steps=5 --set validation.early-stop-patience=0";

/// A step in the second fold of a base model, and one that no process of a base model reaches, in the second fold of a
/// meta-model.
const KILLS: [&str; 2] = ["step:9", "step:50"];

const BASES: [&str; 7] = [
    "auxiliary-016",
    "auxiliary-019",
    "corr-noisy-003",
    "corr-noisy-004",
    "corr-noisy-007",
    "corrections-002",
    "corrections-003",
];
const METAS: [&str; 3] = ["stacking-008-43040", "stacking-008-45041", "stacking-008-50013"];

/// Runs the script into `out`, killed at a crash point if one is named.
fn ensemble(lab: &Lab, out: &str, crash: Option<&str>) -> Ended {
    let variables = [("QUICK", "1"), ("FIRST", FIRST), ("SECOND", SECOND)];
    lab.script("argus-2019/ensemble.sh", ["data", out], &variables, crash)
}

/// What a run uses each curated clip for.
fn uses(lab: &Lab, run: &str) -> BTreeMap<String, String> {
    let table = lab.read(&format!("{run}/split.csv"));
    let rows = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>());
    let curated = rows.filter(|cells| cells[0] == "curated");
    curated
        .map(|cells| (cells[1].to_owned(), cells[2].to_owned()))
        .collect()
}

/// The clips of a fold, those that its corrections remove included, and these alone.
fn fold_of(uses: &BTreeMap<String, String>) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let of = |wanted: &[&str]| {
        let clips = uses.iter().filter(|(_, what)| wanted.contains(&what.as_str()));
        clips.map(|(file, _)| file.as_str()).collect()
    };
    (of(&["judged", "removed"]), of(&["removed"]))
}

#[test]
fn the_ensemble_ends_the_same_however_often_it_is_killed() {
    let lab = lab();
    ensemble(&lab, "whole", None).done();
    assert_submission(&lab);
    // All base models have the same folds, though each leaves other clips out; a meta-model leaves out those of its own
    // corrections.
    let mut removed = BTreeSet::new();
    for fold in 1..=2 {
        let first = uses(&lab, &format!("whole/auxiliary-016/fold-{fold}"));
        let (clips, _) = fold_of(&first);
        assert_eq!(clips.len(), 9);
        for name in BASES {
            let own = uses(&lab, &format!("whole/{name}/fold-{fold}"));
            let (same, gone) = fold_of(&own);
            assert_eq!(same, clips, "{name}");
            removed.extend(gone.into_iter().map(|file| (name, file.to_owned())));
        }
        for name in METAS {
            let own = uses(&lab, &format!("whole/{name}/fold-{fold}"));
            assert_eq!(own.len(), 17, "{name}");
            assert!(!own.contains_key("high-3.wav"), "{name}");
            assert!(fold_of(&own).0.is_subset(&clips), "{name}");
        }
    }
    let wanted = [1, 2, 3, 3, 3, 0, 0].map(|k| format!("high-{k}.wav"));
    let wanted: BTreeSet<(&str, String)> = BASES.into_iter().zip(wanted).collect();
    assert_eq!(removed, wanted);
    let kept = files(&lab.path("whole/corr-noisy-004/fold-2/corrections"));
    let names: Vec<&str> = kept.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["1-corrections-1fb2eea4.json", "2-noisy-corrections-bdb91501.json"]
    );

    for kill in KILLS {
        let killed = ensemble(&lab, "killed", Some(kill));
        assert_eq!(killed.code, Some(128 + 9), "{killed}");
        assert!(!lab.path("killed/submission.csv").exists());
        let base = lab.path("killed/auxiliary-016/folds.json");
        assert_eq!(base.exists(), kill == KILLS[1]);
    }
    assert!(lab.path("killed/stacking-008-43040/fold-1/eval").exists());
    assert!(!lab.path("killed/stacking-008-43040/folds.json").exists());
    let ended = || {
        let mut found = files(&lab.path("killed/corrections-003"));
        found.retain(|name, _| name.ends_with(".safetensors") || name.ends_with(".jsonl"));
        found
    };
    let before = ended();
    ensemble(&lab, "killed", None).done();
    assert!(ended() == before, "what has ended is left alone");
    assert!(lab.bytes("whole/submission.csv") == lab.bytes("killed/submission.csv"));
    for run in BASES
        .iter()
        .chain(&METAS)
        .flat_map(|name| [1, 2].map(|fold| format!("{name}/fold-{fold}")))
    {
        assert_same_weights(&lab, &run);
    }
}
