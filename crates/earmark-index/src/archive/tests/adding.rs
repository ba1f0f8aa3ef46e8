//! Adding: killed at every place, twice, with changed files, with other models, in parts.

use super::*;
use std::fs;
use std::path::PathBuf;

/// What adding these gives where nothing happens.
fn whole(windows: &[usize], rows_per_shard: usize) -> Vec<(IndexedRecording, Vec<f32>)> {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, rows_per_shard);
    add_all(&mut adding, WIDTH, windows);
    adding.finish().unwrap();
    content(dir.path())
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

fn restore(folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    for entry in fs::read_dir(folder).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

/// A log that ends anywhere gives up the recording that it ends in, and no other.
#[test]
fn a_log_that_is_cut_anywhere_loses_what_was_in_work() {
    let windows = [2, 1, 3];
    let wanted = whole(&windows, 100);
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 100);
    add_all(&mut adding, WIDTH, &windows);
    drop(adding);
    let before = files(dir.path());
    let log = dir.path().join("adding.log");
    let bytes = fs::read(&log).unwrap();
    assert_eq!(ArchiveIndex::open(dir.path()).unwrap().waiting().unwrap(), 3);
    let mut last = 0;
    for cut in (0..bytes.len()).step_by(7).chain([bytes.len()]) {
        restore(dir.path(), &before);
        fs::write(&log, &bytes[..cut]).unwrap();
        let mut adding = writer(dir.path(), WIDTH, 100);
        let kept = adding.waiting();
        assert!(kept >= last && kept <= 3, "{kept} at {cut}");
        last = kept;
        add_all(&mut adding, WIDTH, &windows);
        adding.finish().unwrap();
        assert_eq!(content(dir.path()), wanted, "cut at {cut}");
        assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    }
    assert_eq!(last, 3);
}

#[test]
fn a_log_with_a_flipped_bit_loses_no_more_than_what_follows() {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 100);
    add_all(&mut adding, WIDTH, &[1, 1]);
    drop(adding);
    let before = files(dir.path());
    let log = dir.path().join("adding.log");
    let bytes = fs::read(&log).unwrap();
    let wanted = whole(&[1, 1], 100);
    for place in (0..bytes.len()).step_by(11) {
        restore(dir.path(), &before);
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&log, damaged).unwrap();
        let mut adding = writer(dir.path(), WIDTH, 100);
        assert!(adding.waiting() < 2 && adding.torn_bytes() > 0, "{place}");
        add_all(&mut adding, WIDTH, &[1, 1]);
        adding.finish().unwrap();
        assert_eq!(content(dir.path()), wanted, "{place}");
    }
}

/// A kill after each file of a commit: shards without a manifest, a manifest with the old log and the old shards.
#[test]
fn a_commit_that_is_killed_loses_nothing_and_does_nothing_twice() {
    let windows = [4, 3, 5, 2];
    let wanted = whole(&windows, 6);
    let dir = tempfile::tempdir().unwrap();
    // The first shard is not full, so that the second commit replaces it.
    let mut adding = writer(dir.path(), WIDTH, 6);
    add_all(&mut adding, WIDTH, &windows[..1]);
    adding.finish().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 100);
    add_all(&mut adding, WIDTH, &windows);
    drop(adding);
    let before = files(dir.path());
    let mut adding = writer(dir.path(), WIDTH, 6);
    add_all(&mut adding, WIDTH, &windows);
    adding.finish().unwrap();
    assert_eq!(content(dir.path()), wanted);
    let after = files(dir.path());
    let is_manifest = |path: &Path| path.ends_with("index.json");
    let new: Vec<_> = after
        .iter()
        .filter(|file| !before.contains(file) && !is_manifest(&file.0))
        .cloned()
        .collect();
    let finish = |what: &str| {
        let mut adding = writer(dir.path(), WIDTH, 6);
        add_all(&mut adding, WIDTH, &windows);
        adding.finish().unwrap();
        assert_eq!(content(dir.path()), wanted, "{what}");
        let index = ArchiveIndex::open(dir.path()).unwrap();
        let shards = fs::read_dir(dir.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("shard-")
        });
        assert_eq!(shards.count(), 3 * index.manifest().shards.len(), "{what}");
    };
    // Killed while the shards were written.
    for count in 0..=new.len() {
        restore(dir.path(), &before);
        for (path, bytes) in &new[..count] {
            // The empty log is not one of them.
            if !path.ends_with("adding.log") {
                fs::write(path, bytes).unwrap();
            }
        }
        finish(&format!("{count} files of shards"));
    }
    // Killed after the manifest: the log and the old shards are still there.
    restore(dir.path(), &before);
    for (path, bytes) in after.iter().filter(|(path, _)| !path.ends_with("adding.log")) {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(ArchiveIndex::open(dir.path()).unwrap().waiting().unwrap(), 0);
    finish("the manifest");
}

#[test]
fn adding_twice_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let add = || {
        let mut adding = writer(dir.path(), WIDTH, 5);
        add_all(&mut adding, WIDTH, &[3, 4, 1]);
        adding.finish().unwrap()
    };
    add();
    let before = files(dir.path());
    let manifest = add();
    assert_eq!(files(dir.path()), before);
    assert_eq!(manifest.shards.iter().map(|shard| shard.rows).sum::<usize>(), 8);
}

/// The rows of a recording that has changed no longer count, whether its shard is full or not.
#[test]
fn a_changed_recording_is_replaced() {
    for rows_per_shard in [2, 100] {
        let dir = tempfile::tempdir().unwrap();
        let mut adding = writer(dir.path(), WIDTH, rows_per_shard);
        add_all(&mut adding, WIDTH, &[3, 4]);
        adding.finish().unwrap();
        let mut adding = writer(dir.path(), WIDTH, rows_per_shard);
        adding
            .add(recording("0.wav", 2, "second"), numbers(2 * WIDTH, 80))
            .unwrap();
        adding.finish().unwrap();
        let index = ArchiveIndex::open(dir.path()).unwrap();
        assert_eq!(index.valid_rows(), 6);
        let found: Vec<(String, String)> = index
            .recordings()
            .map(|placed| {
                (
                    placed.recording.file.clone(),
                    placed.recording.version.content.clone(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [("1.wav", "first"), ("0.wav", "second")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        let first = index.recording("0.wav").unwrap().first_row;
        assert_eq!(
            index.vectors(&[first, first + 1]).unwrap(),
            numbers(2 * WIDTH, 80)
        );
        assert_eq!(
            index.rows() - index.valid_rows(),
            if rows_per_shard == 2 { 3 } else { 0 }
        );
    }
}

#[test]
fn files_are_compared_with_what_was_embedded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    fs::write(&path, "one").unwrap();
    let version = RecordingVersion::of(&path).unwrap();
    assert!(version.is_still(&path).unwrap());
    // The same bytes at another time are the same recording.
    let touched = RecordingVersion {
        changed: version.changed - 1,
        ..version.clone()
    };
    assert!(touched.is_still(&path).unwrap() && touched.is_same_content(&version));
    let other = RecordingVersion {
        content: "other".into(),
        ..touched.clone()
    };
    assert!(!other.is_still(&path).unwrap());
    fs::write(&path, "four").unwrap();
    assert!(!touched.is_still(&path).unwrap());
}

#[test]
fn other_models_and_windows_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    writer(dir.path(), WIDTH, 5).finish().unwrap();
    let refused = |model: IndexModel, windows: IndexWindows, width: usize| {
        let refused = IndexWriter::open(dir.path(), model, windows, width, 5).unwrap_err();
        refused.to_string()
    };
    let other = refused(model("b"), windows(), WIDTH);
    assert!(
        other.contains("another model: m.safetensors (aaaaaaaaaaaa), and not m.safetensors (bbbbbbbbbbbb)"),
        "{other}"
    );
    let mut longer = windows();
    longer.window_samples = 12_000;
    assert!(refused(model("a"), longer, WIDTH).contains("another window: 1 s, and not 1.5 s"));
    let mut nearer = windows();
    nearer.hop_samples = 2000;
    assert!(refused(model("a"), nearer, WIDTH).contains("another hop: 0.5 s, and not 0.25 s"));
    assert!(refused(model("a"), windows(), 8).contains("another width: 7, and not 8"));
}

#[test]
fn one_process_adds_at_a_time_and_strange_folders_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("x");
    let held = writer(&folder, WIDTH, 5);
    let refused = IndexWriter::open(&folder, model("a"), windows(), WIDTH, 5).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("another earmark is changing this index"),
        "{refused}"
    );
    drop(held);
    fs::write(dir.path().join("letter.txt"), "x").unwrap();
    let refused = IndexWriter::open(dir.path(), model("a"), windows(), WIDTH, 5).unwrap_err();
    assert!(refused.to_string().contains("has other files in it"), "{refused}");
    assert!(!dir.path().join("adding.log").exists() && !dir.path().join(".adding.lock").exists());
}

#[test]
fn damaged_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 5);
    add_all(&mut adding, WIDTH, &[3, 4]);
    adding.finish().unwrap();
    let before = files(dir.path());
    for (path, bytes) in before.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        let is_vectors = path
            .extension()
            .is_some_and(|ending| ending == "f32" || ending == "i8");
        let refused = |changed: &[u8]| {
            restore(dir.path(), &before);
            fs::write(path, changed).unwrap();
            let opened = ArchiveIndex::open(dir.path());
            opened.and_then(|index| index.check()).unwrap_err()
        };
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 4;
        let error = refused(&flipped);
        assert!(
            error.path == *path && error.problem.contains("is damaged"),
            "{error}"
        );
        let error = refused(&bytes[..bytes.len() - 2]);
        assert_eq!(error.path, *path);
        restore(dir.path(), &before);
        fs::remove_file(path).unwrap();
        assert!(ArchiveIndex::open(dir.path()).is_err());
        // A search must not read what is not there.
        if is_vectors {
            restore(dir.path(), &before);
            fs::write(path, &bytes[..bytes.len() - 4]).unwrap();
            assert!(
                ArchiveIndex::open(dir.path()).is_err(),
                "a cut file is noticed without reading it"
            );
        }
    }
}

#[test]
fn parts_are_merged() {
    let dir = tempfile::tempdir().unwrap();
    let parts: Vec<PathBuf> = ["p", "q"].map(|name| dir.path().join(name)).to_vec();
    let counts = [3, 1, 4, 1, 5];
    for (number, part) in parts.iter().enumerate() {
        let mut adding = writer(part, WIDTH, 4);
        for (k, count) in counts.iter().enumerate().filter(|(k, _)| k % 2 == number) {
            let vectors = numbers(count * WIDTH, k as u32);
            adding
                .add(recording(&format!("{k}.wav"), *count, "first"), vectors)
                .unwrap();
        }
        adding.finish().unwrap();
    }
    let to = dir.path().join("x");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let merged = merge_indices(&parts, &to, 6, &stop).unwrap().unwrap();
    assert_eq!((merged.added, merged.same), (5, 0));
    let mut found = content(&to);
    found.sort_by(|a, b| a.0.file.cmp(&b.0.file));
    assert_eq!(found, whole(&counts, 100));
    let again = merge_indices(&parts, &to, 6, &stop).unwrap().unwrap();
    assert_eq!((again.added, again.same), (0, 5));
    // Another content of the same name.
    let other = dir.path().join("r");
    let mut adding = writer(&other, WIDTH, 4);
    adding
        .add(recording("2.wav", 4, "second"), numbers(4 * WIDTH, 9))
        .unwrap();
    adding.finish().unwrap();
    let refused = merge_indices(&[other], &to, 6, &stop).unwrap_err().to_string();
    assert!(
        refused.contains("2.wav is in") && refused.contains("another content"),
        "{refused}"
    );
    // An unfinished part.
    let mut adding = writer(&parts[0], WIDTH, 100);
    adding
        .add(recording("new.wav", 1, "first"), numbers(WIDTH, 3))
        .unwrap();
    drop(adding);
    let refused = merge_indices(&parts, &to, 6, &stop).unwrap_err().to_string();
    assert!(
        refused.contains("is not finished: 1 recording waits"),
        "{refused}"
    );
}
