//! Which table is read, and where nothing but one class is found.

use super::{LABELS, describe, tags, with_audio};
use crate::table_support::{Tree, shared};
use earmark_data::{DataOptions, DataSet, LayoutKind, MissingFiles, load};

#[test]
fn of_several_tables_the_one_that_fits_is_read() {
    let tree = with_audio(&[
        ("sounds.csv", LABELS),
        ("classes.csv", "start,path,comment\n0,x.wav,y\n"),
        ("folds.csv", "file,fold\naudio/dog0.wav,1\n"),
    ]);
    assert_eq!(
        describe(&tree),
        "csv, sounds.csv: file column path, label column category; 2 classes, 4 clips"
    );
    // Two that fit are a question; a third without a label column is not part of it.
    tree.add("again.csv", LABELS);
    assert_eq!(
        tree.error(),
        "DIR contains several tables (again.csv, sounds.csv); choose one with --table, or `table` in [data]"
    );
    // Of two with the columns, the one whose files are here.
    tree.add("again.csv", "path,category\nelsewhere.wav,dog\n");
    assert!(describe(&tree).starts_with("csv, sounds.csv: "));
    // A broken table is not passed over for the folder `audio`.
    let tree = with_audio(&[
        ("sounds.csv", "path,category\naudio/dog0.wav,\"dog\n"),
        ("folds.csv", "file,fold\naudio/dog0.wav,1\n"),
    ]);
    assert!(
        tree.error()
            .starts_with("DIR/sounds.csv:2: the quote in \"\\\"dog\" is never closed"),
        "{}",
        tree.error()
    );
}

#[test]
fn tables_in_folders_are_found() {
    let tree = with_audio(&[("metadata/sounds.csv", LABELS), ("metadata/README.md", "x")]);
    assert_eq!(
        describe(&tree),
        "csv, metadata/sounds.csv: file column path, label column category; 2 classes, 4 clips"
    );
    // A table inside one of several class folders is about that class.
    let tree = Tree::new(&[
        ("dog/a.wav", ""),
        ("cat/b.wav", ""),
        ("dog/notes.csv", "file,label\na.wav,loud\n"),
    ]);
    assert_eq!(describe(&tree), "folders: 2 classes, 2 clips");
    // So are scores next to class folders: a table without labels.
    tree.add("scores.csv", "fname,cat,dog\ndog/a.wav,0.1,0.9\n");
    assert_eq!(describe(&tree), "folders: 2 classes, 2 clips");
}

/// Recordings that were added behind the back of a table.
#[test]
fn recordings_that_the_table_lacks_are_said() {
    let tree = with_audio(&[("sounds.csv", LABELS)]);
    assert!(tree.load().unwrap().notes.is_empty());
    tree.add("frog/2.wav", "")
        .add("frog/1.wav", "")
        .add("frog/notes.txt", "x");
    let note = "2 recordings not in sounds.csv left out, first frog/1.wav";
    let set = tree.load().unwrap();
    assert_eq!((set.items.len(), &set.notes[..]), (4, &[note.to_owned()][..]));
    // What the table lists for another subset, or misses, is listed.
    let subsets = LABELS
        .replace("category", "category,subset")
        .replace(",cat\n", ",cat,test\n");
    let subsets = subsets.replace(",dog\n", ",dog,train\n") + "gone.wav,dog,train\n";
    tree.add("sounds.csv", &subsets);
    let train = DataOptions {
        subsets: Some(vec!["train".to_owned()]),
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    let set = tree.load_with(&train).unwrap();
    assert_eq!((set.items.len(), &set.notes[..]), (2, &[note.to_owned()][..]));
    // Of events, too.
    let tree = Tree::new(&[("a.wav", ""), ("b.wav", ""), ("new.wav", "")]);
    tree.add("tags.csv", &tags(&["a.wav", "b.wav"], 2));
    let set = tree.load().unwrap();
    assert_eq!(
        set.notes[0],
        "1 recording not in tags.csv left out, first new.wav"
    );
}

/// A recording that a row leads to by a link is listed, under either of its names.
#[cfg(unix)]
#[test]
fn linked_recordings_are_not_left_out() {
    for listed in ["link.wav", "real/a.wav"] {
        let tree = Tree::new(&[("real/a.wav", ""), ("b.wav", "")]);
        std::os::unix::fs::symlink("real/a.wav", tree.path("link.wav")).unwrap();
        tree.add("l.csv", &format!("file,label\n{listed},dog\nb.wav,cat\n"));
        let set = tree.load().unwrap();
        assert!(set.notes.is_empty(), "{listed}: {:?}", set.notes);
    }
}

/// The folder around a table of recordings elsewhere is not theirs.
#[test]
fn recordings_next_to_a_table_of_others_are_not_left_out() {
    let others = Tree::new(&[("a.wav", ""), ("b.wav", "")]);
    let tree = Tree::new(&[("own.wav", ""), ("sub/here.wav", "")]);
    let path = |name: &str| others.path(name).display().to_string();
    let table = format!("file,label\n{},dog\n{},cat\n", path("a.wav"), path("b.wav"));
    tree.add("l.csv", &table);
    let set = tree.load().unwrap();
    assert_eq!((set.items.len(), set.notes.len()), (2, 0), "{:?}", set.notes);
    // Where one of them is here, by whatever path, the others are left out.
    tree.add("l.csv", &(table + "sub/../sub/here.wav,dog\n"));
    let set = tree.load().unwrap();
    assert_eq!(
        (set.items.len(), &set.notes[..]),
        (
            3,
            &["1 recording not in l.csv left out, first own.wav".to_owned()][..]
        )
    );
}

#[test]
fn kitchen20_as_it_is() {
    let Some(root) = shared("data/kitchen20") else {
        return;
    };
    let set = load(&root, &DataOptions::default()).unwrap();
    assert_eq!(
        set.describe(),
        "csv, kitchen20.csv: file column path, label column category; 20 classes, 9 folds, 1,070 clips"
    );
    assert!(set.refuse_one_class().is_ok() && set.notes.is_empty());
}

fn one_class(set: &DataSet, tree: &Tree) -> String {
    let message = set.refuse_one_class().unwrap_err().to_string();
    message.replace(&tree.root().display().to_string(), "DIR")
}

#[test]
fn one_class_is_nothing_to_train_on() {
    let folders = DataOptions {
        layout: Some(LayoutKind::Folders),
        ..DataOptions::default()
    };
    let tree = with_audio(&[("sounds.csv", LABELS), ("classes.csv", "start,path\n0,x.wav\n")]);
    let set = tree.load_with(&folders).unwrap();
    assert_eq!(
        one_class(&set, &tree),
        "DIR has only the class \"audio\", and a model needs at least two to tell apart; the labels may be in the \
         table sounds.csv: name it with --table sounds.csv"
    );
    let tree = with_audio(&[("sounds.csv", "path,species\naudio/dog0.wav,dog\n")]);
    let set = tree.load_with(&folders).unwrap();
    assert!(
        one_class(&set, &tree).ends_with(
            "the labels may be in the table sounds.csv: name it with --table and --label-column (its columns are \
             \"path\", \"species\")"
        ),
        "{}",
        one_class(&set, &tree)
    );
    // The wrong column.
    let table =
        "file,label,what,id\na.wav,sound,dog,1\nb.wav,sound,cat,2\nc.wav,sound,dog,3\nd.wav,sound,cat,4\n";
    let tree = Tree::new(&[("t.csv", table)]);
    ["a.wav", "b.wav", "c.wav", "d.wav"].iter().for_each(|name| {
        tree.add(name, "");
    });
    let set = tree.load().unwrap();
    assert!(
        one_class(&set, &tree)
            .ends_with("the labels may be in the column \"what\": name it with --label-column \"what\""),
        "{}",
        one_class(&set, &tree)
    );
    // One folder too high.
    let tree = Tree::new(&[("sounds/dog/a.wav", ""), ("sounds/cat/b.wav", "")]);
    let set = tree.load().unwrap();
    assert!(
        one_class(&set, &tree).ends_with(
            "the classes may be the folders in sounds: give DIR/sounds as the data folder (it contains \"cat\", \
             \"dog\")"
        ),
        "{}",
        one_class(&set, &tree)
    );
    let tree = Tree::new(&[("dog/a.wav", "")]);
    assert!(one_class(&tree.load().unwrap(), &tree).ends_with("add recordings of other classes"));
    // The check says so too; reading does not refuse, as predicting needs no classes.
    let report = earmark_data::check::check(&tree.load().unwrap(), &Default::default(), &|_, _| ());
    assert!(
        report
            .to_text()
            .contains("error: all recordings are of one class, \"dog\": there is nothing to tell apart\n"),
        "{}",
        report.to_text()
    );
}
