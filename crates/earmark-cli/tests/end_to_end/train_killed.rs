//! A training that is killed at any moment and resumed ends with the same bytes as one that was not.

use super::common::{Ended, Lab, Mmix, STEPS, files};
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
    // It is of the two above as well.
    assert!(
        json.as_object_mut()
            .is_some_and(|json| json.remove("checksum").is_some())
    );
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
    assert_eq!(lines, STEPS + STEPS / 5, "a line per step and one per validation");
}

/// Draws points at which to kill a training of 30 steps and that many writes: three between steps, three in the midst of a file's
/// write, three between a write and its renaming, one after a renaming and two between a checkpoint and its state.
fn drawn_points(seed: u64, writes: u64) -> Vec<String> {
    let mut random = Mmix(seed);
    let mut draw = |count: u64| 1 + random.draw() % count;
    let mut points = Vec::new();
    for (kind, passes, wanted) in [
        ("step", STEPS, 3),
        ("write-half", writes, 3),
        ("written", writes, 3),
        ("renamed", writes, 1),
        ("before-state", STEPS / 5, 2),
    ] {
        let mut drawn = std::collections::BTreeSet::new();
        while drawn.len() < wanted {
            drawn.insert(draw(passes));
        }
        points.extend(drawn.into_iter().map(|pass| format!("{kind}:{pass}")));
    }
    points
}

/// `kill -9` at points that a seed draws, each followed by a resumption.
#[test]
fn a_killed_training_ends_as_one_that_was_not() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    assert_whole(&lab, "whole");
    // Counts the files that are written, from the recipe to the last state, up to the first number that is not reached.
    let writes = (1..)
        .take_while(|n| {
            let run = format!("count-{n}");
            lab.crash(&format!("{TRAIN} --run {run}"), &format!("written:{n}"))
                .code
                .is_none()
        })
        .count() as u64;
    assert!(writes > 2 * STEPS / 5, "a checkpoint and a state each five steps");
    for (k, point) in drawn_points(20_190_630, writes).into_iter().enumerate() {
        let run = format!("run-{k}");
        lab.crash(&format!("{TRAIN} --run {run}"), &point).killed();
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same(&lab, "whole", &run, &point);
    }
}

#[test]
fn a_training_that_is_killed_again_and_again_gets_there() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    let mut kills = 0;
    while lab
        .crash(&format!("{TRAIN} --run often --resume"), "step:7")
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
    while lab
        .crash(
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
    lab.crash(&format!("{train} --run killed {from}"), "step:3")
        .killed();
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
        "killed: cannot resume: its initial weights differ from what --init-from, --include and --exclude say now (leave them out); \
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
    started.end().killed();
    lab.earmark(&format!("{train} --run killed --resume")).done();
    assert_same(&lab, "whole", "killed", "SIGKILL");
}

/// A disk that fails in the midst of training: here, no file may grow beyond 16 KiB, and a checkpoint wants to.
#[cfg(unix)]
#[test]
fn a_disk_that_fails_loses_nothing() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    // POSIX counts in blocks of 512 bytes, bash in 1024.
    let output = lab.under_ulimit("-f 16", &format!("{TRAIN} --run run")).output();
    let ended = Ended::of("train under ulimit", output.expect("sh to start")).exit(1);
    let message = ended.err.lines().last().unwrap_or_default();
    let wanted = "error: run/best.safetensors: cannot write the file: File too large (os error 27); check the disk and the path, then try again";
    assert_eq!(message, wanted, "{ended}");
    assert!(!lab.path("run/best.safetensors").exists());
    lab.earmark(&format!("{TRAIN} --run run --resume")).done();
    assert_same(&lab, "whole", "run", "after a full disk");
}

/// A disk that is full indeed: a file system of 160 KiB in memory, later made larger. Where the system lets no user mount one,
/// the test above has to do.
#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::print_stderr, reason = "a test that does not run says so")]
fn a_full_disk_loses_nothing() {
    const SCRIPT: &str = r#"
        mkdir full && mount -t tmpfs -o size=160k none full || exit 77
        "$@"
        code=$?
        mount -o remount,size=16m full
        [ $code = 1 ] || exit 99
        echo "--- more space" >&2
        "$@" --resume
        code=$?
        cp -r full/run out
        exit $code
    "#;
    let lab = Lab::new();
    let train = format!("{TRAIN} --run full/run");
    let inside = lab.command(&train);
    let mut shell = std::process::Command::new("unshare");
    shell
        .args(["--mount", "--map-root-user", "sh", "-c", SCRIPT, "sh"])
        .arg(inside.get_program())
        .args(inside.get_args());
    shell
        .current_dir(lab.path(""))
        .env("EARMARK_CACHE", lab.path("cache"));
    let ended = shell
        .output()
        .map(|output| Ended::of("train on a small disk", output));
    let ended = match ended {
        Ok(ended) if ended.code != Some(77) && !ended.err.starts_with("unshare:") => ended.done(),
        _ => {
            eprintln!("skipped: no file system can be mounted here");
            return;
        }
    };
    let first = ended.err.split("--- more space").next().unwrap_or_default();
    let message = first.lines().last().unwrap_or_default();
    assert!(message.starts_with("error: full/run/"), "{ended}");
    let wanted = ": cannot write the file: No space left on device (os error 28); free some space or choose a folder on another disk";
    assert!(message.ends_with(wanted), "{ended}");
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    assert_same(&lab, "whole", "out", "after a full disk");
}
