//! Files that a table names in another way than they are stored.

use super::{LABELS, with_audio};
use crate::table_support::Tree;
use earmark_data::{DataOptions, MissingFiles};

/// The table names its files in another way than they are stored.
fn listed(name: impl Fn(&str) -> String) -> Tree {
    let row = |file: &str| format!("{},{}\n", name(file), &file[..3]);
    let rows: String = ["dog0", "dog1", "cat0", "cat1"].map(row).concat();
    with_audio(&[("t.csv", format!("file,label\n{rows}").as_str())])
}

#[test]
fn files_are_found_by_name() {
    for (tree, note) in [
        (
            listed(str::to_owned),
            "4 files found by name, listed without extension: \"dog0\" is \"audio/dog0.wav\"",
        ),
        (
            listed(|file| format!("{file}.wav")),
            "4 files found by name, listed without the folder: \"dog0.wav\" is \"audio/dog0.wav\"",
        ),
        (
            listed(|file| format!("audio\\{file}.wav")),
            "4 files found by name, listed with backslashes: \"audio\\\\dog0.wav\" is \"audio/dog0.wav\"",
        ),
        (
            listed(|file| format!("Audio/{}.WAV", file.to_uppercase())),
            "4 files found by name, listed in another letter case: \"Audio/DOG0.WAV\" is \"audio/dog0.wav\"",
        ),
    ] {
        let set = tree.load().unwrap();
        assert_eq!((set.items.len(), &set.notes[..]), (4, &[note.to_owned()][..]));
        assert_eq!(set.items[0].path, tree.path("audio/dog0.wav"));
    }
    // Relative to the data folder, as metadata tables do: nothing to be said.
    let tree = with_audio(&[("metadata/t.csv", LABELS)]);
    assert!(tree.load().unwrap().notes.is_empty());
}

#[test]
fn what_may_be_meant_is_offered_and_not_taken() {
    let tree = listed(|file| format!("{file}.wav"));
    tree.add("backup/dog0.wav", "");
    assert_eq!(
        tree.error(),
        "DIR/t.csv: 1 of 4 listed audio files are missing, first \"dog0.wav\" (line 2); looked for DIR/dog0.wav, but \
         several files fit (\"audio/dog0.wav\", \"backup/dog0.wav\"): write the folder into the table; put them there, \
         correct the table, or leave them out with `missing-files = \"skip\"`"
    );
    // Two rows that mean one file.
    let tree = listed(|file| format!("{file}.wav"));
    tree.add("t.csv", "file,label\ndog0.wav,dog\nDOG0.wav,dog\n");
    assert!(
        tree.error()
            .contains("but \"audio/dog0.wav\" is what another row means too;"),
        "{}",
        tree.error()
    );
    // Another extension, another folder.
    for (name, cause) in [
        ("dog0.flac", "the file has another extension: \"audio/dog0.wav\""),
        (
            "old/dog0.wav",
            "the file is in another folder: \"audio/dog0.wav\"",
        ),
    ] {
        tree.add("t.csv", &format!("file,label\n{name},dog\n"));
        assert!(
            tree.error().contains(&format!("but {cause};")),
            "{}",
            tree.error()
        );
    }
    // All missing, and to be skipped.
    let skip = DataOptions {
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    tree.add("t.csv", "file,label\nemu0.wav,emu\n");
    assert_eq!(
        tree.error_with(&skip),
        "no recordings found in DIR; the table lists 1 file that is missing, first \"emu0.wav\" (line 2); looked for \
         \"emu0.wav\", but no file in the folder has this name"
    );
}
