//! Which recordings are in which shard, what job arrays say, and what is refused.

use super::*;
use std::collections::HashMap;
use std::fs;

fn auto(variables: &[(&str, &str)]) -> Result<String, String> {
    let known: HashMap<&str, &str> = variables.iter().copied().collect();
    let get = |name: &str| known.get(name).map(|value| (*value).to_owned());
    let shard = Shard::parse("auto", &get);
    shard
        .map(|shard| shard.to_string())
        .map_err(|error| error.to_string())
}

fn parse(text: &str) -> Result<Shard, PipelineError> {
    Shard::parse(text, &|_| None)
}

#[test]
fn shards_are_numbered_from_one() {
    let shard = parse("3/50").unwrap();
    assert_eq!((shard.number(), shard.of()), (3, 50));
    assert_eq!(parse("1/1").unwrap().to_string(), "1/1");
    for wrong in ["0/5", "6/5", "1/0", "1/1000001", "3", "a/5", "3/5/7", "-1/5", ""] {
        let message = parse(wrong).unwrap_err().to_string();
        assert!(message.starts_with(&format!("--shard {wrong}: ")), "{message}");
    }
}

/// BLAKE3's own test vectors, so that shards of other machines and versions are the same.
#[test]
fn a_recording_is_in_the_shard_of_its_hash() {
    for (path, wanted) in [
        ("", [(2, 1), (7, 2), (50, 39)]),
        ("abc", [(2, 2), (7, 1), (50, 50)]),
        ("2024/night/a.wav", [(2, 1), (7, 7), (50, 5)]),
    ] {
        for (of, number) in wanted {
            let has = |number| Shard::new(number, of).unwrap().has(path);
            let found: Vec<u32> = (1..=of).filter(|&number| has(number)).collect();
            assert_eq!(found, [number], "{path} in {of} shards");
        }
    }
}

#[test]
fn a_listing_is_cut_whatever_its_order() {
    let paths: Vec<String> = (0..20).map(|k| format!("d/{k}.wav")).collect();
    let of = |number, reverse: bool| {
        let mut listed: Vec<&str> = paths.iter().map(String::as_str).collect();
        if reverse {
            listed.reverse();
        }
        ShardListing::new(
            Shard::new(number, 3).unwrap(),
            listed.into_iter().map(|path| (path, path, Path::new(path))),
        )
    };
    let mut places = Vec::new();
    for number in 1..=3 {
        let (one, other) = (of(number, false), of(number, true));
        assert_eq!(one.archive, other.archive);
        let names = |listing: &ShardListing| {
            let mut names: Vec<String> = listing.files.iter().map(|(_, name)| name.clone()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&one), names(&other));
        // Of what is skipped, a part is of other shards or has no name.
        let skipped: Vec<(String, String)> =
            (0..=20).map(|k| (format!("d/{k}.wav"), String::new())).collect();
        assert_eq!(one.count_without(&skipped), 0);
        assert_eq!(one.count_without(&skipped[20..]), one.files.len());
        places.extend(one.files.into_iter().map(|(place, _)| place));
    }
    places.sort_unstable();
    assert!(places.into_iter().eq(0..20));
}

#[test]
fn job_arrays_say_which_shard_this_is() {
    let slurm = |id, min, max, step, count| {
        auto(&[
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", min),
            ("SLURM_ARRAY_TASK_MAX", max),
            ("SLURM_ARRAY_TASK_STEP", step),
            ("SLURM_ARRAY_TASK_COUNT", count),
        ])
    };
    let shard = |text: &str| Ok(text.to_owned());
    assert_eq!(slurm("3", "1", "50", "1", "50"), shard("3/50"));
    assert_eq!(slurm("0", "0", "49", "1", "50"), shard("1/50"));
    assert_eq!(slurm("8", "0", "12", "4", "4"), shard("3/4"));
    for only in ["0", "1"] {
        assert_eq!(slurm(only, only, only, "0", "1"), shard("1/1"));
    }
    // One task of an array, run again: not the whole archive.
    let message = slurm("7", "7", "7", "0", "1").unwrap_err();
    assert!(
        message.contains("SLURM_ARRAY_TASK_ID=7 is the only task of its array"),
        "{message}"
    );
    // Some tasks of an array, run again.
    let message = slurm("17", "3", "17", "14", "3").unwrap_err();
    assert!(
        message.contains("(3 to 17, 3 of them) are not evenly spaced"),
        "{message}"
    );
    let sge = |id, first, last, step| {
        auto(&[
            ("SGE_TASK_ID", id),
            ("SGE_TASK_FIRST", first),
            ("SGE_TASK_LAST", last),
            ("SGE_TASK_STEPSIZE", step),
        ])
    };
    assert_eq!(sge("10", "1", "50", "3"), shard("4/17"));
    let none = Err("--shard auto: no job array was found; give --shard K/N".to_owned());
    assert_eq!(sge("undefined", "undefined", "undefined", "undefined"), none);
    assert_eq!(auto(&[]), none);
    let count = ("EARMARK_SHARDS", "50");
    assert_eq!(auto(&[("PBS_ARRAY_INDEX", "50"), count]), shard("50/50"));
    assert_eq!(auto(&[("JOB_COMPLETION_INDEX", "0"), count]), shard("1/50"));
    // A task of an array that is run again, by itself.
    assert_eq!(auto(&[("SLURM_ARRAY_TASK_ID", "17"), count]), shard("17/50"));
}

#[test]
fn job_arrays_that_say_too_little_are_refused() {
    for (variables, wanted) in [
        (
            &[("PBS_ARRAY_INDEX", "1")][..],
            "EARMARK_SHARDS is not set: this scheduler does not say how many tasks there are",
        ),
        (
            &[("SLURM_ARRAY_TASK_ID", "1")][..],
            "SLURM_ARRAY_TASK_MIN is not set; set EARMARK_SHARDS",
        ),
        (
            &[("JOB_COMPLETION_INDEX", "x"), ("EARMARK_SHARDS", "2")][..],
            "JOB_COMPLETION_INDEX is `x`, not a whole number",
        ),
        (
            &[("PBS_ARRAY_INDEX", "0"), ("EARMARK_SHARDS", "2")][..],
            "PBS_ARRAY_INDEX makes this shard 0 of 2; count tasks from 1",
        ),
    ] {
        let message = auto(variables).unwrap_err();
        assert!(
            message.starts_with("--shard auto: ") && message.contains(wanted),
            "{message}"
        );
        assert!(message.contains("give --shard K/N"), "{message}");
    }
}

/// A finished shard of an archive of four recordings.
fn write(out: &Path, number: u32, of: u32, threshold: &str) {
    let paths = ["a.wav", "b.wav", "c.wav", "d.wav"];
    let listing = ShardListing::new(
        Shard::new(number, of).unwrap(),
        paths.iter().map(|path| (*path, *path, Path::new(path))),
    );
    let run = ShardRun {
        out: out.to_path_buf(),
        in_folder: false,
        listing,
        command: ["earmark", "embed", "m x", "-o", "x.npy"]
            .map(str::to_owned)
            .to_vec(),
        settings: vec![("--threshold".to_owned(), threshold.to_owned())],
    };
    let output = ShardOutput::Embed {
        width: 1,
        segments: false,
        rows: 0,
    };
    run.write(output, Some(ShardCounts::default())).unwrap();
}

#[test]
fn a_set_is_complete_and_of_one_kind() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.npy");
    let refused = || ShardSet::open(&out).unwrap_err().to_string();
    assert!(
        refused().contains("it has no shards (x.npy.shard-K-of-N.json)"),
        "{}",
        refused()
    );
    for number in [1, 2, 5] {
        write(&out, number, 5, "0.3");
    }
    let message = refused();
    let wanted =
        "shards 3-4 of 5 are missing; complete with `earmark embed 'm x' -o x.npy --shard 3/5`, and so on";
    assert!(message.contains(wanted), "{message}");
    write(&out, 3, 5, "0.3");
    write(&out, 4, 5, "0.5");
    let message = refused();
    assert!(
        message.contains("its shards differ: --threshold is 0.3 in shard 1 and 0.5 in 4; run"),
        "{message}"
    );
    write(&out, 4, 5, "0.3");
    let set = ShardSet::open(&out).unwrap();
    assert_eq!(set.files_in_order(), ["a.wav", "b.wav", "c.wav", "d.wav"]);
    // A shard that is run again while the others are merged.
    set.refuse_changed().unwrap();
    for (number, of, threshold) in [(4, 5, "0.5"), (4, 5, "0.3")] {
        write(&out, number, of, threshold);
        let changed = set.refuse_changed().map_err(|error| error.to_string());
        match threshold {
            "0.3" => assert_eq!(changed, Ok(())),
            _ => assert!(
                changed
                    .unwrap_err()
                    .contains("x.npy: shard 4 of 5 was run again meanwhile")
            ),
        }
    }
    // Another number of shards of the same output.
    let message = refuse_other_shards(&out, false, Shard::new(1, 1).unwrap());
    let message = message.unwrap_err().to_string();
    assert!(
        message.contains("x.npy.shard-1-of-5.json is of 5 shards"),
        "{message}"
    );
    set.remove().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_damaged_manifest_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.npy");
    write(&out, 1, 2, "0.3");
    write(&out, 2, 2, "0.3");
    let path = dir.path().join("x.npy.shard-2-of-2.json");
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replace("0.3", "0.4")).unwrap();
    let message = ShardSet::open(&out).unwrap_err().to_string();
    assert!(
        message.contains("shard 2 of 2 is damaged; complete with `earmark"),
        "{message}"
    );
}

#[test]
fn folds_and_trials_are_dealt_out_in_turn() {
    let of = |number: u32| -> Vec<usize> {
        let shard = Shard::new(number, 3).unwrap();
        (0..7).filter(|place| shard.has_nth(*place)).collect()
    };
    assert_eq!([of(1), of(2), of(3)], [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
}
