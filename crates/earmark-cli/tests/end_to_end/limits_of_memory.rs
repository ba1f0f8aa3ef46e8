//! Allocations and writes that fail, wherever a limit of the system makes them fail: what a command leaves is its whole
//! result or none, and the same command without the limit ends as if nothing had been.

use super::common::{Ended, Lab, files};
use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

/// A command, and the files or the folder that it writes.
struct Case {
    arguments: &'static str,
    outputs: &'static [&'static str],
}

const TAG: Case = Case {
    arguments: "tag tones/low tones/mid --model runs/a --format csv -o events.csv",
    outputs: &["events.csv"],
};
const PREDICT: Case = Case {
    arguments: "predict runs/a --data tones -o scores.csv",
    outputs: &["scores.csv"],
};
const EMBED: Case = Case {
    arguments: "embed runs/a --data tones -o rows.npy",
    outputs: &["rows.npy", "rows.npy.csv", "rows.npy.json"],
};
const MERGE: Case = Case {
    arguments: "merge rows.npy --keep",
    outputs: &["rows.npy", "rows.npy.csv", "rows.npy.json"],
};
const FEATURES: Case = Case {
    arguments: "features tones/low/0.wav --recipe tiny.toml -o one.npy",
    outputs: &["one.npy"],
};
const EVAL: Case = Case {
    arguments: "eval runs/a --data tones",
    outputs: &["runs/a/eval"],
};
const PROBE: Case = Case {
    arguments: "probe runs/a --data other -o probe.safetensors",
    outputs: &["probe.safetensors"],
};

const EVENTS: Case = Case {
    arguments: "events windows.csv -o found.csv --threshold 0",
    outputs: &["found.csv"],
};
const ACTIVITY: Case = Case {
    arguments: "activity before.csv -o page.html --by class",
    outputs: &["page.html"],
};
const EXTRACT: Case = Case {
    arguments: "extract before.csv -o clips --per-class 2 --pad 0",
    outputs: &["clips"],
};

const DETECT: Case = Case {
    arguments: "index detect x low -o detected.csv --threshold 0",
    outputs: &["detected.csv"],
};

/// A folder with a run of one checkpoint, and two other classes of five recordings in `other/`.
fn lab() -> Lab {
    let lab = Lab::new();
    let train =
        r#"train tiny.toml --data tones --run runs/a --fold 1 --set checkpoints.keep={kind="last",count=1}"#;
    lab.earmark(train).done();
    lab.add_other();
    lab
}

/// What is there of a command's results.
fn found(lab: &Lab, case: &Case) -> BTreeMap<String, Vec<u8>> {
    let is_output = |name: &String| {
        let mut outputs = case.outputs.iter();
        outputs.any(|output| {
            let rest = name.strip_prefix(output);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let mut all = files(&lab.path(""));
    all.retain(|name, _| is_output(name));
    all
}

/// Removes the results, and the cache, so that everything is computed again.
fn forget(lab: &Lab, case: &Case) {
    for name in case.outputs.iter().chain(&["cache"]) {
        let path = lab.path(name);
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false if path.exists() => fs::remove_file(path),
            false => Ok(()),
        };
        removed.expect("to remove what was written");
    }
}

/// Runs a command under `ulimit LIMIT`.
fn under(lab: &Lab, limit: &str, case: &Case) -> Output {
    // An allocation that fails while a backtrace is made waits for ever, in the standard library: for the lock of that
    // backtrace.
    lab.under_ulimit(limit, case.arguments)
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LIB_BACKTRACE")
        .output()
        .expect("sh to start")
}

/// What a command that did not end as usual may leave next to results: marks of who is at work, a log that is written
/// line by line, and files that have not got their names yet, which the next command removes.
fn is_on_the_way(name: &str) -> bool {
    ["/claim-", "/events.out.", ".tmp-"]
        .iter()
        .any(|part| name.contains(part))
}

/// Runs a command under a limit, checks what it leaves, and that it then ends as usual without the limit. Returns how
/// it ended.
fn check(lab: &Lab, limit: &str, case: &Case, whole: &BTreeMap<String, Vec<u8>>) -> Output {
    let what = format!("{} under ulimit {limit}", case.arguments);
    forget(lab, case);
    let ended = under(lab, limit, case);
    let left = found(lab, case);
    let message = String::from_utf8_lossy(&ended.stderr).into_owned();
    match ended.status.code() {
        Some(0) => assert!(
            left == *whole,
            "{what}: done, and the result is another\n{message}"
        ),
        // A recording that could not be read for want of memory is named, and the others are there.
        Some(2) => assert!(message.contains("skipped "), "{what}\n{message}"),
        _ => {
            for (name, bytes) in &left {
                let is_whole = whole.get(name).is_some_and(|wanted| wanted == bytes);
                assert!(
                    is_whole || is_on_the_way(name),
                    "{what}: {name} is not whole\n{message}"
                );
            }
        }
    }
    lab.earmark(case.arguments).done();
    let later = found(lab, case);
    let names: Vec<&String> = later.keys().collect();
    assert_eq!(names, whole.keys().collect::<Vec<_>>(), "{what}: other files");
    assert!(later == *whole, "{what}: a later run gives another result");
    let mut rest = files(&lab.path("")).into_keys();
    let leftover = rest
        .find(|name| !name.starts_with("cache/") && (name.contains(".tmp-") || name.contains(".journal")));
    assert_eq!(leftover, None, "{what}");
    ended
}

/// The result without a limit.
fn whole(lab: &Lab, case: &Case) -> BTreeMap<String, Vec<u8>> {
    forget(lab, case);
    lab.earmark(case.arguments).done();
    let whole = found(lab, case);
    assert!(!whole.is_empty(), "{}", case.arguments);
    whole
}

/// About the least address space in KiB with which the command ends as usual. It depends on the machine: every thread
/// takes some.
fn least_memory(lab: &Lab, case: &Case) -> u32 {
    let (mut too_little, mut enough) = (8 << 10, 4 << 20);
    while enough - too_little > 1 << 10 {
        let middle = (too_little + enough) / 2;
        forget(lab, case);
        if under(lab, &format!("-v {middle}"), case).status.success() {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    enough
}

/// Less and less memory than the command takes, until it has failed some times or hardly starts: how much is too little
/// differs from one run to the next, as threads take theirs at other times.
fn with_little_memory(lab: &Lab, case: &Case) {
    use std::os::unix::process::ExitStatusExt;
    const HARDLY_STARTS: u32 = 8 << 10;
    let whole = whole(lab, case);
    let least = least_memory(lab, case);
    let mut limit = least;
    let (mut tried, mut failed) = (0, 0);
    while limit > HARDLY_STARTS && (tried < 8 || failed < 3) {
        let status = check(lab, &format!("-v {limit}"), case, &whole).status;
        tried += 1;
        failed += u32::from(!status.success());
        // Failed allocations abort; a stack that can't grow, or a program that can't be loaded, is a wrong access.
        let known = [None, Some(6), Some(11)];
        assert!(
            known.contains(&status.signal()),
            "{} under -v {limit}: {status}",
            case.arguments
        );
        limit = limit.saturating_sub(2_400);
    }
    assert!(
        failed > 2,
        "{}: with {least} KiB and less, {failed} of {tried} failed",
        case.arguments
    );
}

/// Files that may not grow beyond some blocks, which are 512 bytes or 1024.
fn with_small_files(lab: &Lab, case: &Case) {
    let whole = whole(lab, case);
    let mut failed = 0;
    for blocks in [0, 1, 3, 12, 48, 1 << 12] {
        let output = check(lab, &format!("-f {blocks}"), case, &whole);
        let ended = Ended::of(case.arguments, output);
        if ended.code == Some(0) {
            continue;
        }
        failed += 1;
        let ended = ended.exit(1);
        let last = ended.err.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("error: ") && last.contains("File too large"),
            "{ended}"
        );
    }
    assert!((1..6).contains(&failed), "{}: {failed} failed", case.arguments);
}

#[test]
fn little_memory_for_recordings() {
    let lab = lab();
    for case in [&TAG, &FEATURES] {
        with_little_memory(&lab, case);
    }
}

#[test]
fn little_memory_for_data_sets() {
    let lab = lab();
    for case in [&PREDICT, &EMBED] {
        with_little_memory(&lab, case);
    }
}

#[test]
fn little_memory_for_evaluations() {
    let lab = lab();
    for case in [&EVAL, &PROBE] {
        with_little_memory(&lab, case);
    }
}

#[test]
fn small_files_of_events_and_cut_outs() {
    let lab = lab();
    lab.earmark("tag tones/low tones/mid --model runs/a --windows -o windows.csv")
        .done();
    lab.earmark("tag tones/low tones/mid --model runs/a --threshold 0 -o before.csv --time-and-place")
        .done();
    lab.earmark("index add tones --model runs/a --to x").done();
    lab.earmark("index label x low tones/low/0.wav --who Ada").done();
    lab.earmark("index label x low tones/mid/0.wav --no --who Ada")
        .done();
    lab.earmark("index learn x low").done();
    for case in [&EVENTS, &EXTRACT, &ACTIVITY, &DETECT] {
        with_small_files(&lab, case);
    }
}

#[test]
fn small_files() {
    let lab = lab();
    for case in [&TAG, &PREDICT, &EMBED, &FEATURES, &EVAL, &PROBE] {
        with_small_files(&lab, case);
    }
    for number in [1, 2] {
        lab.earmark(&format!("{} --shard {number}/2", EMBED.arguments))
            .done();
    }
    with_small_files(&lab, &MERGE);
}
