//! Ctrl-C, resuming what is finished, and two trainers at one run.

use super::common::Lab;
use super::killed::assert_same;

const TRAIN: &str = "train tiny.toml --data tones --fold 1 --set train.epochs=20";

/// Ctrl-C and SIGTERM end after the step in work, keep it, and say how to go on; what follows is as if nothing had been.
#[cfg(unix)]
#[test]
fn an_interrupted_training_goes_on_as_if_nothing_had_been() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    for (name, steps) in [("INT", 0), ("INT", 13), ("TERM", 22)] {
        let run = format!("run-{steps}");
        let started = lab.start_and_wait(&format!("{TRAIN} --run {run}"), &run, steps);
        started.signal(name);
        let ended = started.end().exit(130);
        let told = format!("interrupted; go on with: earmark {TRAIN} --run {run} --resume");
        assert!(ended.err.contains(&told), "{ended}");
        assert!(ended.out.contains(&format!("run: {run}")), "{ended}");
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same(&lab, "whole", &run, name);
    }
}

#[test]
fn resuming_a_finished_run_changes_nothing_and_says_so() {
    let lab = Lab::trained();
    let before = super::killed::lasting(&lab.path("runs/a"));
    let ended = lab
        .earmark("train tiny.toml --data tones --run runs/a --fold 1 --resume")
        .done();
    assert!(
        ended
            .err
            .contains("nothing left to do: this training is complete at step 30"),
        "{ended}"
    );
    assert!(ended.out.starts_with("step 30 of 30 after "), "{ended}");
    assert!(super::killed::lasting(&lab.path("runs/a")) == before);

    // Of its own accord before its last step: with these sounds the first validation is not beaten twice.
    let early = "train tiny.toml --data tones --run early --fold 1 --set validation.early-stop-patience=1 --set train.learning-rate=1e-9";
    let ended = lab.earmark(early).done();
    let why = ": stopped early: no better lwlrap in 1 validations";
    assert!(ended.err.contains(why), "{ended}");
    let ended = lab.earmark(&format!("{early} --resume")).done();
    assert!(
        ended
            .err
            .contains("nothing left to do: this training stopped early at step "),
        "{ended}"
    );
}

/// A second trainer is refused while the first one works, and does not disturb it.
#[cfg(unix)]
#[test]
fn one_trainer_a_run() {
    let lab = Lab::new();
    let first = lab.start_and_wait(&format!("{TRAIN} --run run"), "run", 3);
    // It stands still meanwhile, so that it can't end before the others have asked.
    first.signal("STOP");
    let second = lab.earmark(&format!("{TRAIN} --run run --resume")).refused();
    assert_eq!(
        second,
        "run: another earmark is training in this folder; wait for it, or choose another folder with --run"
    );
    let third = lab.earmark(&format!("{TRAIN} --run run")).refused();
    assert_eq!(
        third,
        "run: holds something already; go on with its run by --resume, or choose another folder with --run"
    );
    first.signal("CONT");
    first.end().done();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    assert_same(&lab, "whole", "run", "disturbed by other trainers");
}
