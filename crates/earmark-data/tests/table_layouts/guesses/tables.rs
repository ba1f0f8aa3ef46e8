//! Which table is read, and where nothing but one class is found.

use super::{LABELS, describe, with_audio};
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

/// What `earmark tag` writes as csv, of one or two sounds in each recording.
fn tags(files: &[&str], sounds: usize) -> String {
    let mut table = String::from("Start (s),End (s),Class,Confidence,File\n");
    for file in files {
        (0..sounds).for_each(|k| table += &format!("0.0{k}0,0.0{k}5,Owl,0.9000,{file}\n"));
    }
    table
}

/// Results of a model don't take the place of labels, unless they are named.
#[test]
fn results_of_earmark_are_no_labels_next_to_others() {
    let options = |layout, table: Option<&str>| DataOptions {
        layout,
        table: table.map(Into::into),
        ..DataOptions::default()
    };
    let files = ["dog/a.wav", "cat/b.wav"];
    for (sounds, how) in [
        (1, "--table \"tags.csv\""),
        (2, "--layout events --table \"tags.csv\""),
    ] {
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
    assert!(
        set.notes.iter().all(|note| !note.contains("results of a model")),
        "{:?}",
        set.notes
    );
    tree.add("tags.csv", &tags(&["a.wav", "in/b.wav"], 1));
    assert!(describe(&tree).starts_with("csv, tags.csv: "));
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
         table sounds.csv: name it with --table \"sounds.csv\""
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
