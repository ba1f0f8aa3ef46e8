//! `--resume` with more epochs trains for longer, to the bytes of a training that was as long from its start, where the schedule does not
//! depend on the length.

use super::common::{Lab, tensors};
use super::train_killed::lasting;
use serde_json::Value;

const TRAIN: &str = "train tiny.toml --data tones --fold 1";

/// Six epochs are thirty steps, nine are forty-five.
const LONGER: &str = "--set train.epochs=9";

/// The same files with the same bytes, except for the length that model files written before say in their recipe.
#[track_caller]
fn assert_same_training(lab: &Lab, wanted: &str, got: &str, before: u64) {
    let (wanted_files, got_files) = (lasting(&lab.path(wanted)), lasting(&lab.path(got)));
    assert_eq!(
        wanted_files.keys().collect::<Vec<_>>(),
        got_files.keys().collect::<Vec<_>>()
    );
    let mut models = 0;
    for (name, bytes) in &wanted_files {
        let step = name
            .strip_prefix("checkpoints/step-")
            .and_then(|name| name.strip_suffix(".safetensors"));
        let step: Option<u64> = step.map(|step| step.parse().expect("a step"));
        if step.is_some_and(|step| step <= before) || name == "best.safetensors" {
            models += 1;
            let of = |run: &str| tensors(&lab.path(&format!("{run}/{name}")));
            assert!(of(wanted) == of(got), "{name}: other weights");
        } else {
            assert!(got_files[name] == *bytes, "{name} differs");
        }
    }
    assert!(models > 2, "{models} model files were compared");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What a later step depends on is all in the state: weights, moments, averages, the plateau's memory, early stopping, logs.
#[test]
fn more_epochs_end_as_if_they_had_been_planned() {
    let lab = Lab::new();
    lab.write("phases.toml", PHASES);
    let constant = format!("{TRAIN} --set train.schedule={{kind=\"constant\"}}");
    let steps = "--set train.schedule={kind=\"exponential\",decay=0.5,every-epochs=2}";
    // Without validation clips, an epoch has six steps and the end is between two checkpoints.
    let all = format!("{constant} --set validation.split={{kind=\"none\"}}");
    let phases = TRAIN.replace("tiny.toml", "phases.toml");
    for (run, more, longer, [before, after]) in [
        ("plateau", TRAIN.to_owned(), LONGER, [30, 45]),
        ("constant", constant, LONGER, [30, 45]),
        ("steps", format!("{TRAIN} {steps}"), LONGER, [30, 45]),
        ("all", all, LONGER, [36, 54]),
        ("phases", phases, "--set train.phases.1.steps=30", [30, 45]),
    ] {
        lab.earmark(&format!("{more} {longer} --run {run}/whole")).done();
        lab.earmark(&format!("{more} --run {run}/cut")).done();
        let resumed = lab
            .earmark(&format!("{more} {longer} --run {run}/cut --resume"))
            .done();
        let note = &format!("the training is now {after} steps long instead of {before}");
        assert!(
            resumed.err.contains(note) && !resumed.err.contains("may differ"),
            "{resumed}"
        );
        assert!(lab.read(&format!("{run}/cut/log.txt")).contains(note));
        assert!(
            resumed.out.starts_with(&format!("step {after} of {after}")),
            "{resumed}"
        );
        assert_same_training(&lab, &format!("{run}/whole"), &format!("{run}/cut"), before);
        assert_eq!(json(&lab.read(&format!("{run}/cut/run.json")))["steps"], after);
        // Once more is nothing to do, and the former length is a shorter one.
        let again = lab
            .earmark(&format!("{more} {longer} --run {run}/cut --resume"))
            .done();
        assert!(again.err.contains("nothing left to do"), "{again}");
        let message = lab
            .earmark(&format!("{more} --run {run}/cut --resume"))
            .exit(1)
            .err;
        assert!(
            message.contains("cannot resume: the recipe has changed since the run started"),
            "{message}"
        );
    }
}

/// The tiny recipe in two phases of 15 steps each.
const PHASES: &str = r#"
extends = "tiny.toml"

[[train.phases]]
steps = 15
freeze = ["conv0"]

[[train.phases]]
steps = 15
"#;

/// Killed while it trains for longer, also between the files that say how long it is.
#[test]
fn a_longer_training_is_killed_and_resumed() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} {LONGER} --run whole")).done();
    for (k, point) in ["renamed:1", "step:7", "before-state:2"].into_iter().enumerate() {
        let run = format!("run-{k}");
        lab.earmark(&format!("{TRAIN} --run {run}")).done();
        let longer = format!("{TRAIN} {LONGER} --run {run} --resume");
        lab.crash(&longer, point).killed();
        lab.earmark(&longer).done();
        assert_same_training(&lab, "whole", &run, 30);
    }
}

/// Without validation, the model of the former end is used until the longer training ends, and is not called the last.
#[test]
fn the_model_of_a_longer_training_is_that_of_its_former_end() {
    let lab = Lab::new();
    let train = format!(
        "{TRAIN} --set train.schedule={{kind=\"constant\"}} --set validation.split={{kind=\"none\"}} --run run"
    );
    let used = || json(&lab.earmark("eval run --data tones --json").done().out)["used"].clone();
    let last = "the last, as no clips were held out to choose by";
    lab.earmark(&train).done();
    assert_eq!(used(), serde_json::json!({ "step": 36, "chosen": last }));
    lab.crash(&format!("{train} {LONGER} --resume"), "step:7")
        .killed();
    let former = "the end of the training before it was continued";
    assert_eq!(used(), serde_json::json!({ "step": 36, "chosen": former }));
    lab.earmark(&format!("{train} {LONGER} --resume")).done();
    assert_eq!(used(), serde_json::json!({ "step": 54, "chosen": last }));
}

#[test]
fn what_a_longer_training_would_do_differently_is_said_or_refused() {
    let lab = Lab::new();
    // A cosine has other rates from the start.
    let cosine = format!("{TRAIN} --set train.schedule={{kind=\"cosine\"}} --run cosine");
    lab.earmark(&cosine).done();
    let message = lab.earmark(&format!("{cosine} {LONGER} --resume")).exit(1).err;
    assert!(
        message.contains("the rates of its schedule (cosine) are planned for its whole length"),
        "{message}"
    );
    assert!(message.contains("--init-from cosine"), "{message}");
    lab.earmark(&format!(
        "{TRAIN} --set train.schedule={{kind=\"cosine\"}} --run warm --init-from cosine"
    ))
    .done();
    // One that stopped early stops there again.
    let early =
        format!("{TRAIN} --run early --set validation.early-stop-patience=1 --set train.learning-rate=1e-9");
    lab.earmark(&early).done();
    let message = lab.earmark(&format!("{early} {LONGER} --resume")).exit(1).err;
    assert!(
        message.contains("it stopped early at step ") && message.contains("in 1 validations"),
        "{message}"
    );
    // An end between two checkpoints was validated; in a longer training it is not.
    let uneven = format!("{TRAIN} --set checkpoints.every-steps=7 --run uneven");
    lab.earmark(&uneven).done();
    let resumed = lab.earmark(&format!("{uneven} {LONGER} --resume")).done();
    assert!(
        resumed.err.contains("its end at step 30 was validated"),
        "{resumed}"
    );
    // Anything else may not change with the length.
    lab.earmark(&format!("{TRAIN} --run run")).done();
    let message = lab
        .earmark(&format!(
            "{TRAIN} {LONGER} --set batches.size=2 --run run --resume"
        ))
        .exit(1)
        .err;
    assert!(message.contains("(then `size = 4`, now `size = 2`)"), "{message}");
    let message = lab
        .earmark(&format!("{TRAIN} --set train.epochs=3 --run run --resume"))
        .exit(1)
        .err;
    assert!(
        message.contains("(then `epochs = 6.0`, now `epochs = 3.0`)"),
        "{message}"
    );
}

/// Every fold of a cross-validation is trained for longer, and evaluated again.
#[test]
fn a_cross_validation_is_trained_for_longer() {
    let lab = Lab::new();
    let train = "train tiny.toml --data tones --folds all --set validation.split={kind=\"none\"}";
    lab.earmark(&format!("{train} --run cv")).done();
    let ended = lab.earmark(&format!("{train} {LONGER} --run cv --resume")).done();
    assert!(!ended.err.contains("is trained already"), "{ended}");
    lab.earmark(&format!("{train} {LONGER} --run whole")).done();
    let (cut, whole) = (
        json(&lab.read("cv/folds.json")),
        json(&lab.read("whole/folds.json")),
    );
    assert_eq!(cut, whole);
    assert_eq!(cut["folds"][0]["step"], 54);
}
