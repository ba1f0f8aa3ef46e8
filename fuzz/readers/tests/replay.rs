//! Every fuzz target on its seeds and on some thousand mutations of them, the same ones in every run: nothing panics,
//! and nothing takes memory that the bytes do not account for. `cargo xtask fuzz` tries others for as long as one
//! likes.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use earmark_fuzz_readers::mutate::{Numbers, mutated};
use earmark_fuzz_readers::targets::{Target, targets};
use earmark_fuzz_readers::{check_of, digest};

/// A gap in a recording is kept as at most ten minutes of silence, 115 MiB at 48 kHz, of which there are two while the
/// vector grows, in two tests at a time. A header that is believed takes gigabytes.
const MOST_MIB: u64 = 768;

/// One test per target, and the list of all.
macro_rules! replays {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )+

        const REPLAYED: &[&str] = &[$(stringify!($name)),+];
    };
}

replays!(
    archive,
    class_map,
    decisions,
    decode,
    detections,
    embeddings,
    events,
    fold_table,
    label_table,
    layouts,
    model_file,
    npy,
    opus,
    pickle,
    recipe,
    resample,
    resume_log,
    run_files,
    scores,
    stream,
    thresholds,
    torch,
);

fn replay(name: &str) {
    let target = targets()
        .into_iter()
        .find(|target| target.name == name)
        .expect("a target in targets.txt");
    let check = check_of(name).expect("a target with a body");
    let (seeds, words) = (target.seeds(), target.words());
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let before = peak_mib();
    for (path, bytes) in &seeds {
        survives(&target, check, bytes, path);
    }
    let mut numbers = Numbers::new(digest(name.as_bytes()));
    for round in 0..target.mutations {
        let (path, seed) = &seeds[round % seeds.len()];
        let (_, other) = &seeds[numbers.below(seeds.len())];
        let mut bytes = mutated(seed, other, &words, &mut numbers);
        bytes.truncate(target.longest);
        survives(&target, check, &bytes, &format!("mutation {round}, of {path}"));
    }
    if let (Some(before), Some(after)) = (before, peak_mib()) {
        let more = after - before;
        assert!(more < MOST_MIB, "{name}: {more} MiB more than before");
    }
}

/// Keeps what makes a target panic.
fn survives(target: &Target, check: fn(&[u8]), bytes: &[u8], what: &str) {
    if catch_unwind(|| check(bytes)).is_ok() {
        return;
    }
    let name = format!("earmark-fuzz-{}-{:016x}", target.name, digest(bytes));
    let path = std::env::temp_dir().join(name);
    fs::write(&path, bytes).expect("a folder for temporary files");
    panic!(
        "{}: {what}: the input is {}; see fuzz/README.md",
        target.name,
        path.display()
    );
}

/// Peak memory of this process in MiB; `None` where the system does not report it.
fn peak_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[test]
fn every_target_is_replayed_and_can_be_fuzzed() {
    let mut names: Vec<String> = targets().into_iter().map(|target| target.name).collect();
    names.sort();
    assert_eq!(names, REPLAYED);
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("the manifest");
    for name in names {
        assert!(fuzz.join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
