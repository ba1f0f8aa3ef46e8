//! A training that is killed at any moment and resumed ends with the same bytes as one that was not.

use super::common::{Ended, Lab, STEPS, files};
use std::collections::BTreeMap;
use std::path::Path;

const TRAIN: &str = "train tiny.toml --data tones --fold 1";

/// Everything in a run that may not depend on interruptions: all but the lock, the log with its times, and run.json's date and
/// command line.
pub fn lasting(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(run);
    found.remove(".lock");
    assert!(found.remove("log.txt").is_some());
    let json = found.remove("run.json").expect("run.json");
    let mut json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    json["started"] = "".into();
    json["command"] = "".into();
    found.insert("run.json".into(), json.to_string().into_bytes());
    found
}

#[track_caller]
pub fn assert_same(lab: &Lab, reference: &str, run: &str, what: &str) {
    let (wanted, got) = (lasting(&lab.path(reference)), lasting(&lab.path(run)));
    assert_eq!(
        wanted.keys().collect::<Vec<_>>(),
        got.keys().collect::<Vec<_>>(),
        "{what}: other files"
    );
    for (name, bytes) in &wanted {
        assert!(got[name] == *bytes, "{what}: {name} differs");
    }
}

fn crash(lab: &Lab, arguments: &str, at: &str) -> Ended {
    let output = lab
        .command(arguments)
        .env("EARMARK_CRASH_AT", at)
        .output()
        .expect("the command to start");
    Ended::of(arguments, output)
}

/// What a run must hold, so that "equal" can't mean "equally empty".
fn assert_whole(lab: &Lab, run: &str) {
    let found = lasting(&lab.path(run));
    let checkpoints: Vec<String> = (5..=STEPS)
        .step_by(5)
        .map(|s| format!("checkpoints/step-{s:08}.safetensors"))
        .collect();
    for name in checkpoints
        .iter()
        .map(String::as_str)
        .chain(["best.safetensors", "checkpoints/state.safetensors"])
    {
        assert!(found.contains_key(name), "{name} is missing");
    }
    assert!(found.keys().any(|name| name.starts_with("events.out.tfevents.")));
    let lines = String::from_utf8_lossy(&found["metrics.jsonl"]).lines().count() as u64;
    assert_eq!(lines, STEPS + STEPS / 5, "a line a step and one a validation");
}

/// Points chosen by hand among all that a training of 30 steps passes: before run.json is there (write 2 and 3), between
/// steps, between a checkpoint and its state, in the midst of a file, before and after its renaming.
#[test]
fn a_killed_training_ends_as_one_that_was_not() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    assert_whole(&lab, "whole");
    let points = [
        "step:3",
        "step:14",
        "step:30",
        "write-half:2",
        "write-half:9",
        "written:3",
        "written:7",
        "renamed:6",
        "renamed:13",
        "before-state:1",
        "before-state:4",
        "before-state:6",
    ];
    for (k, point) in points.into_iter().enumerate() {
        let run = format!("run-{k}");
        let ended = crash(&lab, &format!("{TRAIN} --run {run}"), point);
        assert_eq!(ended.code, None, "{point} was not reached: {ended}");
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same(&lab, "whole", &run, point);
    }
}

#[test]
fn a_training_that_is_killed_again_and_again_gets_there() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    let mut kills = 0;
    while crash(&lab, &format!("{TRAIN} --run often --resume"), "step:7")
        .code
        .is_none()
    {
        kills += 1;
        assert!(kills < 20, "it makes no headway");
    }
    // Seven steps at a time, of which five are kept: from 25, the last five end without a seventh.
    assert_eq!(kills, 5);
    assert_same(&lab, "whole", "often", "killed 5 times");
}

/// Only the newest checkpoints are kept, and a kill between the state and the pruning leaves none too many.
#[test]
fn pruned_checkpoints_stay_pruned() {
    let lab = Lab::new();
    let train = format!("{TRAIN} --set checkpoints.keep={{kind=\"last\",count=2}}");
    lab.earmark(&format!("{train} --run whole")).done();
    let kept = files(&lab.path("whole/checkpoints"));
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        [
            "state.safetensors",
            "step-00000025.safetensors",
            "step-00000030.safetensors"
        ]
    );
    // The last file that is renamed is the last state: count them by trying.
    let mut last = 0;
    while crash(
        &lab,
        &format!("{train} --run count-{last}"),
        &format!("renamed:{}", last + 1),
    )
    .code
    .is_none()
    {
        last += 1;
    }
    let run = format!("count-{}", last - 1);
    assert!(
        lab.path(&run)
            .join("checkpoints/step-00000020.safetensors")
            .exists(),
        "not pruned when it was killed"
    );
    lab.earmark(&format!("{train} --run {run} --resume")).done();
    assert_same(&lab, "whole", &run, "killed before the last pruning");
}

/// A run from the weights of another one that is killed before its first state begins from these weights again.
#[test]
fn a_warm_start_survives_a_kill() {
    let lab = Lab::trained();
    let train = format!("{TRAIN} --set train.seed=8");
    let from = "--init-from runs/a --exclude logits";
    lab.earmark(&format!("{train} --run whole {from}")).done();
    let ended = crash(&lab, &format!("{train} --run killed {from}"), "step:3");
    assert_eq!(ended.code, None, "{ended}");
    lab.earmark(&format!("{train} --run killed --resume")).done();
    assert_same(&lab, "whole", "killed", "warm start");
    // Had it begun anywhere else, the weights would differ.
    lab.earmark(&format!("{train} --run cold")).done();
    assert_ne!(
        lab.bytes("cold/best.safetensors"),
        lab.bytes("whole/best.safetensors")
    );
    let message = lab
        .earmark(&format!("{train} --run killed --resume --init-from runs/a"))
        .refused();
    assert_eq!(
        message,
        "killed: cannot go on: its weights began otherwise than --init-from, --include and --exclude say now (they may be left out); \
         start a new run in another folder"
    );
}

/// No hook this time: the system ends the process at whatever moment it is.
#[cfg(unix)]
#[test]
fn sigkill_at_a_random_moment() {
    let lab = Lab::new();
    let train = format!("{TRAIN} --set train.epochs=20");
    lab.earmark(&format!("{train} --run whole")).done();
    let mut started = lab.start_and_wait(&format!("{train} --run killed"), "killed", 12);
    started.child.kill().expect("to kill it");
    let ended = started.end();
    assert_eq!(ended.code, None, "{ended}");
    lab.earmark(&format!("{train} --run killed --resume")).done();
    assert_same(&lab, "whole", "killed", "SIGKILL");
}

/// A disk that fails in the midst of training: here, no file may grow beyond 16 KiB, and a checkpoint wants to.
#[cfg(unix)]
#[test]
fn a_disk_that_fails_loses_nothing() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    let inside = lab.command(&format!("{TRAIN} --run run"));
    let mut shell = std::process::Command::new("sh");
    // POSIX counts in blocks of 512 bytes, bash in 1024. The signal would end the process where the error shall tell.
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(inside.get_program())
        .args(inside.get_args());
    shell
        .current_dir(lab.path(""))
        .env("EARMARK_CACHE", lab.path("cache"));
    let ended = Ended::of("train under ulimit", shell.output().expect("sh to start")).exit(1);
    let message = ended.err.lines().last().unwrap_or_default();
    let wanted = "error: run/best.safetensors: cannot write the file: File too large (os error 27); check the disk and the path, then try again";
    assert_eq!(message, wanted, "{ended}");
    assert!(!lab.path("run/best.safetensors").exists());
    lab.earmark(&format!("{TRAIN} --run run --resume")).done();
    assert_same(&lab, "whole", "run", "after a full disk");
}
