//! Taking recordings out: what is left, killed at every place.

use super::*;
use std::fs;
use std::path::PathBuf;

const COUNTS: [usize; 5] = [3, 2, 4, 1, 2];

fn index(folder: &Path, rows_per_shard: usize) {
    let mut adding = writer(folder, WIDTH, rows_per_shard);
    add_all(&mut adding, WIDTH, &COUNTS);
    adding.finish().unwrap();
}

fn remove(folder: &Path, names: &[&str]) -> (IndexManifest, Vec<String>) {
    writer(folder, WIDTH, 5)
        .remove(|name| names.contains(&name))
        .unwrap()
}

/// The files of shards in a folder.
fn shard_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with("shard-"))
        .count()
}

#[test]
fn what_is_removed_is_gone_and_the_rest_is_as_it_was() {
    for rows_per_shard in [1, 5, 100] {
        let dir = tempfile::tempdir().unwrap();
        index(dir.path(), rows_per_shard);
        let mut wanted = content(dir.path());
        wanted.retain(|(recording, _)| !["0.wav", "2.wav"].contains(&recording.file.as_str()));
        let (manifest, removed) = remove(dir.path(), &["2.wav", "0.wav", "other.wav"]);
        assert_eq!(removed, ["0.wav", "2.wav"]);
        assert_eq!(manifest.recordings_and_windows(), (3, 5));
        assert_eq!(content(dir.path()), wanted, "{rows_per_shard} rows per shard");
        let index = ArchiveIndex::open(dir.path()).unwrap();
        assert!(index.recording("0.wav").is_none() && index.recording("1.wav").is_some());
        assert_eq!(shard_files(dir.path()), 3 * manifest.shards.len());
        // Nothing is left to do.
        let before = manifest;
        let (manifest, removed) = remove(dir.path(), &["0.wav", "2.wav"]);
        assert_eq!((manifest, removed.len()), (before, 0));
        // It can be added again.
        let mut adding = writer(dir.path(), WIDTH, rows_per_shard);
        add_all(&mut adding, WIDTH, &COUNTS);
        adding.finish().unwrap();
        let names = |folder: &Path| {
            let mut names: Vec<String> = content(folder).into_iter().map(|(of, _)| of.file).collect();
            names.sort();
            names
        };
        assert_eq!(names(dir.path()), ["0.wav", "1.wav", "2.wav", "3.wav", "4.wav"]);
    }
}

#[test]
fn all_can_be_removed_and_what_waits_in_the_log_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 100);
    add_all(&mut adding, WIDTH, &COUNTS);
    drop(adding);
    assert_eq!(ArchiveIndex::open(dir.path()).unwrap().waiting().unwrap(), 5);
    let (manifest, removed) = remove(dir.path(), &["1.wav"]);
    assert_eq!(
        (removed, manifest.recordings_and_windows()),
        (vec!["1.wav".to_owned()], (4, 10))
    );
    assert_eq!(ArchiveIndex::open(dir.path()).unwrap().waiting().unwrap(), 0);
    let (manifest, removed) = writer(dir.path(), WIDTH, 100).remove(|_| true).unwrap();
    assert_eq!(
        (removed.len(), manifest.shards.len(), shard_files(dir.path())),
        (4, 0, 0)
    );
    assert!(content(dir.path()).is_empty());
}

/// Before the manifest is replaced nothing is removed, and after it all is; files of empty shards that are still there
/// are removed by who opens the index next.
#[test]
fn a_removal_that_is_killed_is_done_or_not() {
    let dir = tempfile::tempdir().unwrap();
    index(dir.path(), 1);
    let of = |folder: &Path| -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.is_file());
        files
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    };
    let before = of(dir.path());
    remove(dir.path(), &["0.wav", "3.wav"]);
    let wanted = content(dir.path());
    assert_eq!(wanted.len(), 3);
    let left = shard_files(dir.path());
    // The manifest is new, and all files of before are still there.
    for (path, bytes) in before.iter().filter(|(path, _)| !path.ends_with("index.json")) {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(content(dir.path()), wanted);
    assert!(shard_files(dir.path()) > left);
    let (_, removed) = remove(dir.path(), &["0.wav", "3.wav"]);
    assert_eq!((removed.len(), shard_files(dir.path())), (0, left));
    assert_eq!(content(dir.path()), wanted);
}

#[test]
fn the_names_are_those_of_shards_and_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    index(dir.path(), 100);
    let mut adding = writer(dir.path(), WIDTH, 100);
    adding
        .add(recording("0.wav", 1, "second"), numbers(WIDTH, 3))
        .unwrap();
    adding
        .add(recording("new.wav", 1, "first"), numbers(WIDTH, 4))
        .unwrap();
    let mut names: Vec<&str> = adding.names().collect();
    names.sort_unstable();
    assert_eq!(names, ["0.wav", "1.wav", "2.wav", "3.wav", "4.wav", "new.wav"]);
}

/// Parts that name a recording in other words have it once.
#[test]
fn a_merge_knows_recordings_by_the_usual_form_of_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let parts: Vec<PathBuf> = ["p", "q"].map(|name| dir.path().join(name)).to_vec();
    for (part, name) in parts.iter().zip(["arch/a.wav", "./arch/a.wav"]) {
        let mut adding = writer(part, WIDTH, 5);
        adding
            .add(recording(name, 2, "first"), numbers(2 * WIDTH, 1))
            .unwrap();
        adding.finish().unwrap();
    }
    let stop = std::sync::atomic::AtomicBool::new(false);
    let to = dir.path().join("x");
    let merged = merge_indices(&parts, &to, 5, &stop).unwrap().unwrap();
    assert_eq!((merged.added, merged.same), (1, 1));
    let index = ArchiveIndex::open(&to).unwrap();
    assert!(index.recording("arch/a.wav").is_some() && index.recording("./arch//a.wav").is_some());
    // A label that was cut off is named.
    fs::write(parts[0].join("labels.jsonl"), "{\"file\": \"arch").unwrap();
    let merged = merge_indices(&parts, &to, 5, &stop).unwrap().unwrap();
    assert_eq!((merged.torn.len(), merged.torn[0].line), (1, 1));
}
