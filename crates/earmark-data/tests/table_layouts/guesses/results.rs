//! Results of a model: labels only where a folder has no others.

use super::{LABELS, describe, tags, with_audio};
use crate::table_support::Tree;
use earmark_data::{DataOptions, LayoutKind};

const TAKEN: &str = "tags.csv: results of a model, taken as labels, since no other table fits";

/// Results of a model don't take the place of labels, unless they are named.
#[test]
fn results_of_earmark_are_no_labels_next_to_others() {
    let options = |layout, table: Option<&str>| DataOptions {
        layout,
        table: table.map(Into::into),
        ..DataOptions::default()
    };
    let files = ["dog/a.wav", "cat/b.wav"];
    for (sounds, how) in [(1, "--table tags.csv"), (2, "--layout events --table tags.csv")] {
        let tree = Tree::new(&[
            ("dog/a.wav", ""),
            ("cat/b.wav", ""),
            ("tags.csv", tags(&files, sounds).as_str()),
        ]);
        let set = tree.load().unwrap();
        assert_eq!(set.describe(), "folders: 2 classes, 2 clips");
        let note = format!(
            "tags.csv: results of a model, not taken as labels where there are others; if they are corrected, read \
             them with {how}"
        );
        assert_eq!(set.notes, [note]);
        let layout = if sounds == 1 {
            LayoutKind::Csv
        } else {
            LayoutKind::Events
        };
        let named = tree.load_with(&options(Some(layout), Some("tags.csv"))).unwrap();
        assert_eq!(
            (named.layout, named.classes.names()),
            (layout, &["Owl".to_owned()][..])
        );
        // The layout alone says that class folders are not meant.
        let by_layout = tree.load_with(&options(Some(layout), None)).unwrap();
        assert_eq!(by_layout.classes, named.classes);
    }
    // Class folders of a subset, scores next to the recordings, and another table.
    let tree = Tree::new(&[("train/dog/a.wav", ""), ("train/cat/b.wav", "")]);
    tree.add("tags.csv", &tags(&["train/dog/a.wav", "train/cat/b.wav"], 2));
    assert_eq!(describe(&tree), "folders: 2 classes, 2 clips");
    let tree = Tree::new(&[("dog/a.wav", ""), ("cat/b.wav", "")]);
    tree.add("dog/a.csv", &tags(&["dog/a.wav"], 2));
    tree.add("cat/b.csv", &tags(&["cat/b.wav"], 2));
    let set = tree.load().unwrap();
    assert_eq!(set.describe(), "folders: 2 classes, 2 clips");
    assert!(
        set.notes[0].starts_with("cat/b.csv and 1 more: results of a model, ")
            && set.notes[0].ends_with("read them with --layout events"),
        "{:?}",
        set.notes
    );
    let tree = with_audio(&[("sounds.csv", LABELS)]);
    tree.add("tags.csv", &tags(&["audio/dog0.wav", "audio/cat0.wav"], 2));
    assert!(describe(&tree).starts_with("csv, sounds.csv: "));
    assert_eq!(tree.load().unwrap().notes.len(), 1);
}

/// Corrected results are the labels of a folder that has no others.
#[test]
fn results_of_earmark_are_labels_where_there_are_no_others() {
    let tree = Tree::new(&[("a.wav", ""), ("in/b.wav", ""), ("notes.csv", "what,who\nx,y\n")]);
    tree.add("tags.csv", &tags(&["a.wav", "in/b.wav"], 2));
    let set = tree.load().unwrap();
    assert_eq!(
        (set.layout, set.classes.names()),
        (LayoutKind::Events, &["Owl".to_owned()][..])
    );
    assert!(set.notes.iter().any(|note| note == TAKEN), "{:?}", set.notes);
    tree.add("tags.csv", &tags(&["a.wav", "in/b.wav"], 1));
    let set = tree.load().unwrap();
    assert!(set.describe().starts_with("csv, tags.csv: "));
    assert_eq!(set.notes, [TAKEN]);
    // Without labels they are a list of recordings.
    let unread = DataOptions {
        read_labels: false,
        ..DataOptions::default()
    };
    assert!(tree.load_with(&unread).unwrap().notes.is_empty());
    // Next to its recording.
    let tree = Tree::new(&[("a.wav", ""), ("a.csv", tags(&["a.wav"], 2).as_str())]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Events);
    assert!(
        set.notes.iter().all(|note| !note.contains("results of a model")),
        "{:?}",
        set.notes
    );
}

/// A table of labels whose files are elsewhere is what an error is about, whatever a model has found.
#[test]
fn results_of_earmark_do_not_replace_a_table_whose_files_are_missing() {
    let tree = Tree::new(&[
        ("sounds.csv", "file,label\na.wav,dog\nb.wav,cat\n"),
        ("a.ogg", "x"),
        ("b.ogg", "x"),
    ]);
    let error = tree.error();
    assert!(
        error.contains("DIR/sounds.csv") && error.contains("a.ogg"),
        "{error}"
    );
    for sounds in [1, 2] {
        tree.add("tags.csv", &tags(&["a.ogg", "b.ogg"], sounds));
        assert_eq!(tree.error(), error);
    }
    // Nor do they replace one with less usual names, or one that can't be read.
    tree.add("sounds.csv", "recording,species\na.wav,dog\nb.wav,cat\n");
    assert_eq!(tree.error(), error);
    tree.add("sounds.csv", "file,label\na.ogg,\"dog\n");
    let error = tree.error();
    assert!(error.starts_with("DIR/sounds.csv:2: "), "{error}");
}

/// Folders that are named like subsets, with the recordings directly in them, give no labels.
#[test]
fn results_of_earmark_are_labels_of_subsets_without_class_folders() {
    let tree = Tree::new(&[("train/a.wav", ""), ("test/b.wav", "")]);
    tree.add("tags.csv", &tags(&["train/a.wav", "test/b.wav"], 2));
    let set = tree.load().unwrap();
    assert_eq!(
        (set.layout, set.classes.names()),
        (LayoutKind::Events, &["Owl".to_owned()][..])
    );
    assert!(set.notes.iter().any(|note| note == TAKEN), "{:?}", set.notes);
    // Next to the recordings.
    let tree = Tree::new(&[("train/a.wav", ""), ("test/b.wav", "")]);
    tree.add("train/a.csv", &tags(&["train/a.wav"], 2));
    assert_eq!(tree.load().unwrap().layout, LayoutKind::Events);
    // Results that don't fit are not proposed without saying what they are.
    let tree = Tree::new(&[("train/a.wav", ""), ("test/b.wav", "")]);
    tree.add("tags.csv", &tags(&["elsewhere.wav"], 2));
    let folders = DataOptions {
        layout: Some(LayoutKind::Folders),
        ..DataOptions::default()
    };
    let error = tree.error_with(&folders);
    assert!(
        error.ends_with(
            "the table tags.csv has results of a model: if they are corrected, name it with --layout events --table \
             tags.csv"
        ),
        "{error}"
    );
}

/// Results next to recordings are read from all of them, others by what they are called, as a shell takes it.
#[test]
fn results_next_to_the_recordings_of_a_table_are_said() {
    let tree = with_audio(&[("sounds.csv", LABELS)]);
    let flat = Tree::new(&[
        ("sounds.csv", "file,label\na.wav,dog\nb.wav,cat\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    for file in ["a.wav", "b.wav"] {
        flat.add(&format!("{file}.csv"), &tags(&[file], 2));
    }
    let next = "a.wav.csv and 1 more: results of a model, not taken as labels where there are others; if they are \
                corrected, read them with --layout events";
    assert_eq!(flat.load().unwrap().notes, [next]);
    let named = DataOptions {
        layout: Some(LayoutKind::Events),
        ..DataOptions::default()
    };
    assert_eq!(flat.load_with(&named).unwrap().recordings().items.len(), 2);
    let other = tags(&["audio/dog0.wav"], 1);
    tree.add("audio/dog1.csv", &tags(&["audio/dog1.wav"], 2))
        .add("my tags.csv", &other);
    let notes = tree.load().unwrap().notes;
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].starts_with("audio/dog1.csv: ") && notes[0].ends_with(" with --layout events"),
        "{notes:?}"
    );
    assert!(
        notes[1].starts_with("my tags.csv: ") && notes[1].ends_with(" with --table 'my tags.csv'"),
        "{notes:?}"
    );
}
