//! An archive in shards: merged, they are the bytes of an unsharded run, however many there are and whatever happened
//! to them.

use super::common::{Ended, Lab, files};
use serde_json::json;

/// 21 recordings of a second and two that can't be read, one of them in a folder of its own.
fn lab() -> Lab {
    let lab = Lab::trained();
    for k in 0..21 {
        lab.tone(&format!("in/{k:02}.wav"), 250.0 * (1.0 + f64::from(k)));
    }
    let whole = lab.bytes("in/03.wav");
    lab.write("in/deep/cut.wav", &whole[..30]);
    lab.write("in/text.wav", "hello\n");
    lab
}

const TAG: &str = "tag in --model runs/a --threshold 0.2 --workers 1";
const EMBED: &str = "embed runs/a --files in";
const PREDICT: &str = "predict runs/a --files in";

/// Runs all shards of a command, the last one first.
fn run_all(lab: &Lab, command: &str, of: u32) {
    for number in (1..=of).rev() {
        let ended = lab.earmark(&format!("{command} --shard {number}/{of}"));
        assert!(matches!(ended.code, Some(0 | 2)), "{ended}");
    }
}

/// Nothing of shards is left.
fn assert_clean(lab: &Lab) {
    let left: Vec<String> = files(&lab.path(""))
        .into_keys()
        .filter(|name| name.contains(".shard-") || name.contains(".journal") || name.contains(".tmp-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Runs a command without shards and in each number of shards, and compares the bytes of all files.
fn compare(lab: &Lab, command: &str, ending: &str, more: &[&str], counts: &[u32]) {
    lab.earmark(&format!("{command} -o whole{ending}")).exit(2);
    for of in counts {
        let out = format!("merged-{of}{ending}");
        run_all(lab, &format!("{command} -o {out}"), *of);
        assert!(!lab.path(&out).exists(), "a shard writes no output");
        let ended = lab.earmark(&format!("merge {out}")).exit(2);
        assert!(
            ended.err.contains("skipped in/deep/cut.wav: ") && ended.err.contains("skipped in/text.wav: "),
            "{ended}"
        );
        for more in [""].iter().chain(more) {
            let (whole, merged) = (format!("whole{ending}{more}"), format!("{out}{more}"));
            assert!(
                lab.bytes(&whole) == lab.bytes(&merged),
                "{command}: {merged} differs"
            );
        }
        assert_clean(lab);
    }
}

#[test]
fn merged_tags_are_those_of_one_run() {
    let lab = lab();
    compare(&lab, TAG, ".csv", &[], &[1, 2, 7, 50]);
    compare(&lab, TAG, ".json", &[], &[7]);
    compare(&lab, TAG, ".parquet", &[], &[2]);
    compare(&lab, &format!("{TAG} --windows"), ".ndjson", &[], &[2]);
    assert!(lab.read("whole.csv").lines().count() > 5);
}

#[test]
fn merged_rows_are_those_of_one_run() {
    let lab = lab();
    compare(&lab, EMBED, ".npy", &[".csv", ".json"], &[1, 7, 50]);
    compare(&lab, &format!("{EMBED} --segments"), ".parquet", &[], &[2]);
    // The rows of what can't be read hold the mean of all others.
    compare(&lab, PREDICT, ".csv", &[], &[1, 2, 50]);
    compare(&lab, &format!("{PREDICT} --format json"), ".json", &[], &[7]);
    compare(&lab, &format!("{PREDICT} --segments"), ".csv", &[], &[3]);
    let blend = "predict runs/a@10 runs/a@30 --weights 0.3,0.7 --files in";
    compare(&lab, blend, ".csv", &[], &[4]);
}

/// A file per recording needs no merge, only the check.
#[test]
fn a_folder_of_label_tracks_is_checked() {
    let lab = lab();
    let tag = |folder: &str| format!("{TAG} --format audacity --out-dir {folder}");
    lab.earmark(&tag("whole")).exit(2);
    run_all(&lab, &tag("labels"), 2);
    lab.earmark("merge labels").exit(2);
    assert!(files(&lab.path("whole")) == files(&lab.path("labels")));
    assert_clean(&lab);
    // A label track is for one recording, however few a shard has.
    let message = lab
        .earmark(&format!("{TAG} --format audacity -o one.txt --shard 1/50"))
        .refused();
    assert!(
        message.contains("a label track is for one recording"),
        "{message}"
    );
}

/// A shard that is missing or was killed is named with the command that completes it, and so is where shards differ.
#[test]
fn what_is_missing_is_named() {
    let lab = lab();
    let refused = |out: &str| lab.earmark(&format!("merge {out}")).refused();
    let tag = format!("{TAG} -o e.csv");
    let complete = |number: u32| format!("complete with `earmark {tag} --shard {number}/2`");
    lab.earmark(&format!("{TAG} -o whole.csv")).exit(2);
    assert!(refused("e.csv").starts_with("e.csv: it has no shards (e.csv.shard-K-of-N.json)"));
    lab.earmark(&format!("{tag} --shard 1/2")).exit(2);
    let message = refused("e.csv");
    assert_eq!(
        message,
        format!("e.csv: shard 2 of 2 is missing; {}", complete(2))
    );
    lab.crash(&format!("{tag} --shard 2/2"), "tag-journaled:3")
        .killed();
    let message = refused("e.csv");
    assert_eq!(
        message,
        format!("e.csv: shard 2 of 2 is not finished; {}", complete(2))
    );
    let ended = lab.earmark(&format!("{tag} --shard 2/2")).exit(2);
    assert!(
        ended.err.contains("resuming: 3 of 9 recordings") && ended.out.contains("shard 2/2 of e.csv"),
        "{ended}"
    );
    let log = "e.csv.shard-2-of-2.journal";
    let whole = lab.bytes(log);
    std::fs::remove_file(lab.path(log)).expect("to remove the log");
    let message = refused("e.csv");
    assert_eq!(
        message,
        format!(
            "e.csv: shard 2 of 2: its resume log is missing; run it again with `earmark {tag} --shard 2/2`"
        )
    );
    assert!(!lab.path("e.csv").exists() && !lab.path("e.csv.merging.journal").exists());
    lab.write(log, &whole);
    let ended = lab.earmark("merge e.csv --keep --json").exit(2);
    let summary: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!((&summary["shards"], &summary["inputs"]), (&json!(2), &json!(23)));
    assert_eq!(summary["skipped"].as_array().map(Vec::len), Some(2));
    assert!(lab.bytes("e.csv") == lab.bytes("whole.csv"));

    // What is known only when all of them are there.
    let other = "tag in --model runs/a --threshold 0.3 --workers 1 -o e.csv --shard 2/2 --fresh";
    lab.earmark(other).exit(2);
    let message = refused("e.csv");
    assert_eq!(
        message,
        "e.csv: its shards differ: --threshold is 0.2 in shard 1 and 0.3 in 2; run those that are wrong again"
    );
    lab.earmark(&format!("{tag} --shard 2/2 --fresh")).exit(2);
    lab.tone("in/new.wav", 500.0);
    lab.earmark(&format!("{tag} --shard 1/2")).exit(2);
    let message = refused("e.csv");
    assert!(
        message.contains("the archive is 24 recordings, paths "),
        "{message}"
    );
    // A task of the array that is run again by itself says that it is the only one.
    let message = lab.earmark(&format!("{tag} --shard 1/1")).refused();
    assert!(
        message.contains("is of 2 shards of the same output; give --shard K/2"),
        "{message}"
    );

    let embed = format!("{EMBED} -o e.npy");
    lab.earmark(&format!("{embed} --shard 1/2")).exit(2);
    lab.crash(&format!("{embed} --shard 2/2"), "renamed-one:1")
        .killed();
    assert!(refused("e.npy").contains("e.npy: shard 2 of 2 is missing; complete with `earmark embed"));
    lab.earmark(&format!("{embed} --shard 2/2")).exit(2);
    lab.earmark("merge e.npy").exit(2);
    lab.earmark(&format!("{EMBED} -o whole.npy")).exit(2);
    assert!(lab.bytes("e.npy") == lab.bytes("whole.npy"));
}

/// `--shard auto` in a job array and outside, and where there is nothing to merge into.
#[test]
fn job_arrays_say_which_shard() {
    let lab = lab();
    let auto = |variables: &[(&str, &str)]| {
        let arguments = format!("{TAG} -o a.csv --shard auto");
        let mut command = lab.command(&arguments);
        let schedulers = [
            "SLURM_ARRAY_TASK_ID",
            "SGE_TASK_ID",
            "PBS_ARRAY_INDEX",
            "PBS_ARRAYID",
            "JOB_COMPLETION_INDEX",
        ];
        schedulers.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.envs(variables.iter().copied());
        Ended::of(&arguments, command.output().expect("the command to start"))
    };
    assert_eq!(
        auto(&[]).refused(),
        "--shard auto: no job array was found; give --shard K/N"
    );
    for index in ["0", "1"] {
        auto(&[("JOB_COMPLETION_INDEX", index), ("EARMARK_SHARDS", "2")]).exit(2);
    }
    lab.earmark("merge a.csv").exit(2);
    lab.earmark(&format!("{TAG} -o whole.csv")).exit(2);
    assert!(lab.bytes("a.csv") == lab.bytes("whole.csv"));
    for (arguments, wanted) in [
        (
            format!("{TAG} --shard 1/2"),
            "--shard: shards are merged into a file or folder",
        ),
        (
            format!("{PREDICT} -o - --shard 1/2"),
            "--shard: shards are merged into a file",
        ),
        (
            format!("{TAG} -o a.csv --shard 3/2"),
            "--shard 3/2: shards are numbered from 1 to N",
        ),
    ] {
        let message = lab.earmark(&arguments).refused();
        assert!(message.starts_with(wanted), "{message}");
    }
}

/// Folds that tasks of an array trained, each by itself, are a cross-validation run.
#[test]
fn folds_of_an_array_are_summed_up() {
    let lab = Lab::new();
    let train = "train tiny.toml --data tones";
    for fold in 1..=3 {
        lab.earmark(&format!("{train} --fold {fold} --run runs/cv/fold-{fold}"))
            .done();
    }
    let ended = lab
        .earmark(&format!("{train} --folds all --run runs/cv --resume"))
        .done();
    assert_eq!(ended.err.matches("is trained already").count(), 3, "{ended}");
    assert!(lab.path("runs/cv/folds.json").exists());
}
