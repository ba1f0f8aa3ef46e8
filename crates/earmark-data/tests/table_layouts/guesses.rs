//! What a folder is taken for: wrong guesses are caught, right ones are said.

use super::table_support::{Tree, shared};
use super::{row, summary};
use earmark_data::{DataOptions, DataSet, LayoutKind, MissingFiles, load};

/// A folder with these tables and, in `audio/`, `dog0.wav`, `dog1.wav`, `cat0.wav` and `cat1.wav`.
fn with_audio(tables: &[(&str, &str)]) -> Tree {
    let tree = Tree::new(tables);
    for name in ["dog0", "dog1", "cat0", "cat1"] {
        tree.add(&format!("audio/{name}.wav"), "");
    }
    tree
}

const LABELS: &str =
    "path,category\naudio/dog0.wav,dog\naudio/dog1.wav,dog\naudio/cat0.wav,cat\naudio/cat1.wav,cat\n";

fn describe(tree: &Tree) -> String {
    tree.load().unwrap().describe()
}

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
        "DIR has only the class \"audio\", and a model needs at least two to tell apart; the labels may be in the table sounds.csv: name \
         it with --table \"sounds.csv\""
    );
    let tree = with_audio(&[("sounds.csv", "path,species\naudio/dog0.wav,dog\n")]);
    let set = tree.load_with(&folders).unwrap();
    assert!(
        one_class(&set, &tree).ends_with(
            "the labels may be in the table sounds.csv: name it with --table and --label-column (its columns are \"path\", \"species\")"
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
            "the classes may be the folders in sounds: give DIR/sounds as the data folder (it contains \"cat\", \"dog\")"
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

#[test]
fn names_of_subsets_and_folds_count_in_any_letter_case() {
    let tree = Tree::new(&[
        ("Train/dog/a.wav", ""),
        ("Train/cat/b.wav", ""),
        ("TEST/dog/c.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let expected = [
        row("TEST/dog/c.wav", &["dog"], "test"),
        row("Train/cat/b.wav", &["cat"], "train"),
        row("Train/dog/a.wav", &["dog"], "train"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(set.describe(), "folders: 2 classes, 3 clips (test 1, train 2)");
    // Other folders next to them are left out, and named.
    tree.add("docs/example.wav", "");
    tree.add("stray.wav", "");
    let set = tree.load().unwrap();
    assert_eq!(summary(&set), expected);
    assert_eq!(
        set.notes,
        ["left out: \"docs\", next to the folders \"TEST\", \"Train\""]
    );
    let skipped: Vec<&str> = set.skipped.iter().map(|lost| lost.file.as_str()).collect();
    assert_eq!(skipped, ["docs/example.wav", "stray.wav"]);
    let wanted = |subset: &str| DataOptions {
        subsets: Some(vec![subset.to_owned()]),
        ..DataOptions::default()
    };
    assert_eq!(tree.load_with(&wanted("test")).unwrap().items.len(), 1);
    assert_eq!(
        tree.error_with(&wanted("tset")),
        "DIR has no subset \"tset\"; its subsets are \"test\", \"train\""
    );
    // To predict, everything counts.
    let unlabelled = DataOptions {
        read_labels: false,
        ..DataOptions::default()
    };
    assert_eq!(tree.load_with(&unlabelled).unwrap().items.len(), 5);
    let folds = Tree::new(&[
        ("fold1/dog/a.wav", ""),
        ("Fold_02/cat/b.wav", ""),
        ("fold-3/dog/c.wav", ""),
        ("notes/x.wav", ""),
    ]);
    let set = folds.load().unwrap();
    let folds_of: Vec<Option<u32>> = set.items.iter().map(|item| item.fold).collect();
    assert_eq!(folds_of, [Some(2), Some(3), Some(1)]);
    assert_eq!(set.describe(), "folders: 2 classes, 3 folds, 3 clips");
    // Both: folds of the training subset.
    let both = Tree::new(&[
        ("train/fold1/dog/a.wav", ""),
        ("train/fold2/cat/b.wav", ""),
        ("test/dog/c.wav", ""),
    ]);
    assert_eq!(
        both.load().unwrap().describe(),
        "folders: 2 classes, 2 folds, 3 clips (test 1, train 2)"
    );
}

#[test]
fn a_class_may_be_called_train() {
    let tree = Tree::new(&[("train/a.wav", ""), ("car/b.wav", ""), ("bus/c.wav", "")]);
    assert_eq!(tree.load().unwrap().classes.names(), ["bus", "car", "train"]);
    let deep = Tree::new(&[("train/site/a.wav", ""), ("car/site/b.wav", "")]);
    assert_eq!(deep.load().unwrap().classes.names(), ["car", "train"]);
    // Nothing but such names, and no classes inside: a mistake, not classes.
    let flat = Tree::new(&[("train/a.wav", ""), ("test/b.wav", "")]);
    assert_eq!(
        flat.error(),
        "DIR: the folders \"test\", \"train\" are named like subsets, but recordings are directly in them and not in a folder per class; \
         put one folder per class into each, rename them if they are classes, or name the table with --table"
    );
    let flat = Tree::new(&[("fold1/a.wav", ""), ("fold2/b.wav", "")]);
    assert!(flat.error().contains("are named like folds"), "{}", flat.error());
}

#[test]
fn names_of_classes_are_trimmed() {
    let tree = Tree::new(&[("dog /a.wav", ""), (" cat/b.wav", ""), ("dog/c.wav", "")]);
    let set = tree.load().unwrap();
    assert_eq!(set.classes.names(), ["cat", "dog"]);
    assert_eq!(set.items.len(), 3);
    let tree = Tree::new(&[("  /a.wav", ""), ("dog/c.wav", "")]);
    assert_eq!(
        tree.error(),
        "DIR/  : the name of this class folder is nothing but spaces; rename it"
    );
}

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
        "DIR/t.csv: 1 of 4 listed audio files are missing, first \"dog0.wav\" (line 2); looked for DIR/dog0.wav, but several files fit \
         (\"audio/dog0.wav\", \"backup/dog0.wav\"): write the folder into the table; put them there, correct the table, or leave them \
         out with `missing-files = \"skip\"`"
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
        "no recordings found in DIR; the table lists 1 file that is missing, first \"emu0.wav\" (line 2); looked for \"emu0.wav\", but no \
         file in the folder has this name"
    );
}
