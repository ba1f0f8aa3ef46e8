//! Names of subsets, folds and classes.

use crate::table_support::Tree;
use crate::{row, summary};
use earmark_data::DataOptions;

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
        "DIR: the folders \"test\", \"train\" are named like subsets, but recordings are directly in them and not in \
         a folder per class; put one folder per class into each, rename them if they are classes, or name the table \
         with --table"
    );
    // The table that is probably meant is named with its columns.
    let flat = Tree::new(&[
        ("train/a.wav", ""),
        ("test/b.wav", ""),
        ("train.csv", "filename,primary_label\ntrain/a.wav,dog\n"),
    ]);
    assert!(
        flat.error().ends_with(
            "the labels may be in the table train.csv: name it with --table and --label-column (its columns are \
             \"filename\", \"primary_label\")"
        ),
        "{}",
        flat.error()
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

/// Names that unzipping, spreadsheets and other people give to the parts of a set.
#[test]
fn parts_have_many_names() {
    let tree = Tree::new(&[
        ("Training Set/dog/a.wav", ""),
        ("Training Set/cat/b.wav", ""),
        ("test_set/dog/c.wav", ""),
        ("test_set/cat/d.wav", ""),
        ("__MACOSX/dog/._a.wav", "x"),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.describe(), "folders: 2 classes, 4 clips (test 2, training 2)");
    assert!(set.notes.is_empty(), "{:?}", set.notes);
    let folds = Tree::new(&[]);
    for fold in 1..=10 {
        folds.add(&format!("fold{fold:02}/dog/{fold}.wav"), "");
        folds.add(&format!("fold{fold:02}/cat/{fold}.wav"), "");
    }
    assert_eq!(
        folds.load().unwrap().describe(),
        "folders: 2 classes, 10 folds, 20 clips"
    );
    // In a language that nobody foresaw: said, as places or days may be arranged so, too.
    let other = Tree::new(&[
        ("harjoitus/koira/a.wav", ""),
        ("harjoitus/kissa/b.wav", ""),
        ("testi/koira/c.wav", ""),
        ("testi/kissa/d.wav", ""),
    ]);
    let set = other.load().unwrap();
    assert_eq!(
        set.notes,
        [
            "the class folders \"harjoitus\", \"testi\" all contain the folders \"kissa\", \"koira\": if those are the \
             classes, the outer ones are subsets or folds; name them `train` and `test`, or `fold1` and `fold2`"
        ]
    );
    // A system's folder is not a class.
    let zipped = Tree::new(&[
        ("dog/a.wav", ""),
        ("cat/b.wav", ""),
        ("__MACOSX/dog/._a.wav", "x"),
    ]);
    assert_eq!(zipped.load().unwrap().classes.names(), ["cat", "dog"]);
}

/// A name with its accents as characters of their own, as macOS writes them, is the name that everybody else writes.
#[test]
fn accents_in_two_forms_are_one_name() {
    let tree = Tree::new(&[
        ("K\u{e4}uz/a.wav", ""),
        ("Ka\u{308}uz/b.wav", ""),
        ("dog/c.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.classes.names(), ["K\u{e4}uz", "dog"]);
    assert_eq!(set.class_counts(), [2, 1]);
    let tree = Tree::new(&[
        ("t.csv", "file,label\nK\u{e4}uz.wav,owl\ndog.wav,dog\n"),
        ("Ka\u{308}uz.wav", ""),
        ("dog.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.items.len(), 2);
    // Some systems find it by either name.
    assert!(
        set.notes.is_empty()
            || set.notes[0]
                .starts_with("1 file found by name, listed with its accents in another form of Unicode: "),
        "{:?}",
        set.notes
    );
}

#[test]
fn classes_that_differ_in_letter_case_are_said() {
    let tree = Tree::new(&[("t.csv", "file,label\na.wav,Dog\nb.wav,dog\nc.wav,cat\n")]);
    ["a.wav", "b.wav", "c.wav"].iter().for_each(|name| {
        tree.add(name, "");
    });
    let set = tree.load().unwrap();
    assert_eq!(set.classes.names(), ["Dog", "cat", "dog"]);
    assert!(
        set.notes[0].starts_with("the classes \"Dog\" and \"dog\" differ in letter case, spaces"),
        "{:?}",
        set.notes
    );
}
