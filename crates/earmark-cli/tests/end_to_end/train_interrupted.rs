//! Ctrl-C, resuming what is finished, and two trainers at one run.

use super::common::{Lab, files};
use super::train_killed::assert_same;

const TRAIN: &str = "train tiny.toml --data tones --fold 1 --set train.epochs=20";

/// Ctrl-C and SIGTERM end after the current step, keep it, and say how to resume; what follows is as if nothing had been.
#[cfg(unix)]
#[test]
fn an_interrupted_training_is_resumed_as_if_nothing_had_been() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    for (name, steps) in [("INT", 0), ("INT", 13), ("TERM", 22)] {
        let run = format!("run-{steps}");
        let started = lab.start_and_wait(&format!("{TRAIN} --run {run}"), &run, steps);
        started.signal(name);
        let ended = started.end().exit(130);
        let given = TRAIN.replace("train.epochs=20", "'train.epochs=20'");
        let message = format!("interrupted; resume with: earmark {given} --run {run} --resume");
        assert!(ended.err.contains(&message), "{ended}");
        assert!(ended.out.contains(&format!("run: {run}")), "{ended}");
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same(&lab, "whole", &run, name);
    }
}

/// What ends a program may signal it and then its group: two signals at once are one wish, and the run is left in order.
#[cfg(unix)]
#[test]
fn two_signals_at_once_are_one() {
    let lab = Lab::new();
    for k in 0..3 {
        let run = format!("run-{k}");
        let started = lab.start_and_wait(&format!("{TRAIN} -q --json --run {run}"), &run, 3);
        let id = started.child.id();
        let twice = format!("kill -TERM {id}; sleep 0.00{k}; kill -TERM {id}");
        // Should it have ended in between, the second finds nobody.
        std::process::Command::new("sh")
            .args(["-c", &twice])
            .output()
            .expect("sh");
        let ended = started.end().exit(130);
        assert!(ended.out.contains("\"interrupted\": true"), "{ended}");
        let log = lab.read(&format!("{run}/log.txt"));
        assert!(
            log.contains("ended at step ") && log.contains(", interrupted"),
            "{log}"
        );
    }
}

/// The checkpoint of an interruption is kept in addition to those of the recipe and pushes none of them out.
#[cfg(unix)]
#[test]
fn an_interruption_costs_no_checkpoint() {
    let lab = Lab::new();
    let train = format!("{TRAIN} --set checkpoints.keep={{kind=\"last\",count=1}}");
    lab.earmark(&format!("{train} --run whole")).done();
    // However far it gets before the signal: a step that is not a multiple of 5 is found soon.
    let (run, step) = (0..20)
        .map(|k| {
            let run = format!("run-{k}");
            let started = lab.start_and_wait(&format!("{train} --run {run}"), &run, 12 + k);
            started.signal("INT");
            let ended = started.end().exit(130);
            let step = ended.out.strip_prefix("step ").and_then(|t| t.split(' ').next());
            let step: u64 = step.and_then(|s| s.parse().ok()).expect("a step");
            (run, step)
        })
        .find(|(_, step)| step % 5 != 0)
        .expect("a step between two checkpoints");
    let name = |step: u64| format!("step-{step:08}.safetensors");
    let kept: Vec<String> = files(&lab.path(&run).join("checkpoints")).into_keys().collect();
    assert_eq!(
        kept,
        ["state.safetensors".to_owned(), name(step - step % 5), name(step)]
    );
    // A kill right after it was resumed, and before anything new is written, leaves the recipe's own.
    lab.crash(&format!("{train} --run {run} --resume"), "step:1")
        .killed();
    let kept: Vec<String> = files(&lab.path(&run).join("checkpoints")).into_keys().collect();
    assert_eq!(kept, ["state.safetensors".to_owned(), name(step - step % 5)]);
    lab.earmark(&format!("{train} --run {run} --resume")).done();
    assert_same(&lab, "whole", &run, "interrupted with one checkpoint kept");
}

/// Ctrl-C interrupts a validation, which is made up for when the training is resumed.
#[cfg(unix)]
#[test]
fn an_interrupted_validation_is_made_up_for() {
    let lab = Lab::new();
    // Hundreds of segments to validate on, and ten steps of four to train on.
    for k in 0..6 {
        lab.long_tone(&format!("tones/low/{k}.wav"), 300.0 + 9.0 * f64::from(k), 400);
    }
    let train =
        "train tiny.toml --data tones --fold 1 --set train.steps=10 --set validation.split.fraction=0.5";
    lab.earmark(&format!("{train} --run whole")).done();
    // The first validation comes after the fifth step, the last one after the tenth and one line of the first validation. Should
    // the machine be so busy that the signal comes after it, there is another try.
    for lines in [5, 11] {
        let caught = (0..10).any(|k| {
            let run = format!("run-{lines}-{k}");
            let started = lab.start_and_wait(&format!("{train} --run {run}"), &run, lines);
            started.signal("INT");
            let ended = started.end();
            if ended.code == Some(0) {
                return false;
            }
            ended.exit(130);
            let resumed = lab.earmark(&format!("{train} --run {run} --resume")).done();
            assert_same(&lab, "whole", &run, "interrupted validation");
            resumed
                .err
                .contains("its validation was interrupted and is done now")
        });
        assert!(caught, "no validation was interrupted after {lines} lines");
    }
}

#[test]
fn resuming_a_finished_run_changes_nothing_and_says_so() {
    let lab = Lab::trained();
    let before = super::train_killed::lasting(&lab.path("runs/a"));
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
    assert!(super::train_killed::lasting(&lab.path("runs/a")) == before);

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
fn one_trainer_per_run() {
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
        "run: is not empty; resume its run with --resume, or choose another folder with --run"
    );
    first.signal("CONT");
    first.end().done();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    assert_same(&lab, "whole", "run", "disturbed by other trainers");
}
