//! What the columns of a table are taken for.

use super::{describe, with_audio};
use crate::table_support::{Tree, shared};
use earmark_data::{DataOptions, load};

/// Columns that are not named as usual: with other letters between, and those that few other columns are called.
#[test]
fn columns_have_many_names() {
    for (header, said) in [
        ("File Name,Label", "file column File Name, label column Label"),
        (
            "file_name,category",
            "file column file_name, label column category",
        ),
        ("filename|label", "file column filename, label column label"),
        ("audio,species", "file column audio, label column species"),
        (
            "file_path;primary_label",
            "file column file_path, label column primary_label",
        ),
        ("path\tclass_name", "file column path, label column class_name"),
    ] {
        let separator = header.chars().find(|c| ",|;\t".contains(*c)).unwrap();
        let rows = [("dog0", "dog"), ("dog1", "dog"), ("cat0", "cat"), ("cat1", "cat")]
            .map(|(name, class)| format!("audio/{name}.wav{separator}{class}\n"));
        let tree = with_audio(&[("t.csv", format!("{header}\n{}", rows.concat()).as_str())]);
        assert_eq!(
            describe(&tree),
            format!("csv, t.csv: {said}; 2 classes, 4 clips"),
            "{header}"
        );
    }
    // Next to class folders a table with such names may be anybody's results.
    let tree = Tree::new(&[
        ("dog/a.wav", ""),
        ("cat/b.wav", ""),
        ("found.csv", "recording,species\ndog/a.wav,owl\ncat/b.wav,owl\n"),
    ]);
    assert_eq!(describe(&tree), "folders: 2 classes, 2 clips");
}

#[test]
fn a_column_of_numbers_may_be_one_of_folds() {
    let tree = with_audio(&[(
        "t.csv",
        "path,label,split\naudio/dog0.wav,dog,1\naudio/dog1.wav,dog,2\naudio/cat0.wav,cat,1\naudio/cat1.wav,cat,2\n",
    )]);
    let set = tree.load().unwrap();
    assert_eq!(
        set.notes,
        [
            "t.csv: the column \"split\" has numbers, each of which is taken for a subset; if they are folds, name it \
             with --fold-column \"split\""
        ]
    );
    let named = DataOptions {
        fold_column: Some("split".to_owned()),
        ..DataOptions::default()
    };
    let set = tree.load_with(&named).unwrap();
    assert_eq!(
        (set.folds(), set.subsets(), set.notes.len()),
        (vec![1, 2], vec!["train"], 0)
    );
}

/// What was recorded together, as tables say it without being asked.
#[test]
fn columns_that_look_like_groups_are_found() {
    let table = |column: &str, group: &dyn Fn(usize) -> String| {
        let row = |k: usize| format!("{k}.wav,{},{}\n", ["dog", "cat"][k % 2], group(k));
        let rows: String = (0..20).map(row).collect();
        let tree = Tree::new(&[("t.csv", format!("file,label,{column}\n{rows}").as_str())]);
        (0..20).for_each(|k| {
            tree.add(&format!("{k}.wav"), "");
        });
        tree.load().unwrap().likely_groups()
    };
    let pairs = |k: usize| format!("s{}", k / 4);
    let found = table("usr_id", &pairs).unwrap();
    assert_eq!(
        (found.name.as_str(), found.is_certain, found.groups),
        ("usr_id", true, 5)
    );
    assert_eq!(found.of_items[7].as_deref(), Some("s1"));
    // Another meaning, too few groups, and one group for each class.
    assert!(!table("location", &pairs).unwrap().is_certain);
    assert!(!table("site", &|k| format!("s{}", k / 10)).unwrap().is_certain);
    let by_class = |k: usize| format!("{}{}", k % 2, if k.is_multiple_of(2) { 0 } else { k / 4 });
    assert!(!table("site", &by_class).unwrap().is_certain);
    // Each recording by itself, all of one, no such name, and one that is used already.
    assert_eq!(table("site", &|k| k.to_string()), None);
    assert_eq!(table("site", &|_| "x".to_owned()), None);
    assert_eq!(table("take", &pairs), None);
    assert_eq!(table("group", &pairs), None);
}

#[test]
fn kitchen20_has_groups() {
    let Some(root) = shared("data/kitchen20") else {
        return;
    };
    let set = load(&root, &DataOptions::default()).unwrap();
    let found = set.likely_groups().unwrap();
    assert_eq!(
        (found.name.as_str(), found.is_certain, found.groups),
        ("usr_id", true, 467)
    );
}
