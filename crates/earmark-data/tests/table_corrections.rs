//! Corrections of a table, in argus-2019's form.

mod table_support;

use earmark_data::dataset::{Corrected, Corrections, RecipeCorrections};
use earmark_data::{DataOptions, DataSet, Item, MissingFiles};
use table_support::Tree;

fn tree() -> Tree {
    Tree::new(&[
        (
            "train_curated.csv",
            "fname,labels\na.wav,Bark\nb.wav,\"Bark,Meow\"\nc.wav,Meow\n",
        ),
        (
            "train_noisy.csv",
            "fname,labels\nn.wav,Rain\nm.wav,Bark\na.wav,Rain\n",
        ),
        ("train_curated/a.wav", ""),
        ("train_curated/b.wav", ""),
        ("train_curated/c.wav", ""),
        ("train_noisy/n.wav", ""),
        ("train_noisy/m.wav", ""),
        ("train_noisy/a.wav", ""),
        ("curated.json", r#"{"a.wav": "remove", "b.wav": "Rain, Bark"}"#),
        ("noisy.json", r#"{"m.wav": "Meow", "n.wav": "remove"}"#),
    ])
}

fn corrections(file: &str, subset: &str, corrected_subset: Option<&str>) -> Corrections {
    Corrections {
        file: file.into(),
        subset: subset.into(),
        corrected_subset: corrected_subset.map(str::to_owned),
        ..Corrections::default()
    }
}

fn options(corrections: &[Corrections]) -> DataOptions {
    DataOptions {
        corrections: corrections.to_vec(),
        ..DataOptions::default()
    }
}

#[test]
fn clips_are_removed_relabelled_and_moved() {
    let tree = tree();
    let plain = tree.load().unwrap();
    let both = options(&[
        corrections("curated.json", "curated", None),
        corrections("noisy.json", "noisy", Some("noisy-corrected")),
    ]);
    let data = tree.load_with(&both).unwrap();
    let seen: Vec<(String, String, String)> = data
        .items
        .iter()
        .map(|item| {
            let labels: Vec<&str> = data.labels_of(item).collect();
            (item.subset.clone(), item.file.clone(), labels.join(","))
        })
        .collect();
    let row =
        |subset: &str, file: &str, labels: &str| (subset.to_owned(), file.to_owned(), labels.to_owned());
    // The noisy a.wav is another clip than the curated one.
    assert_eq!(
        seen,
        [
            row("curated", "b.wav", "Bark,Rain"),
            row("curated", "c.wav", "Meow"),
            row("noisy-corrected", "m.wav", "Meow"),
            row("noisy", "a.wav", "Rain"),
        ]
    );
    assert_eq!(data.classes, plain.classes);
    assert_ne!(data.fingerprint().unwrap(), plain.fingerprint().unwrap());
    let count = |file: &str, subset: &str| Corrected {
        file: file.into(),
        subset: subset.into(),
        removed: 1,
        labelled: 1,
        ..Corrected::default()
    };
    assert_eq!(
        data.corrected,
        [count("curated.json", "curated"), count("noisy.json", "noisy")]
    );
}

#[test]
fn what_is_not_read_is_not_corrected() {
    let tree = tree();
    let gone = [corrections("nowhere.json", "noisy", None)];
    let curated = DataOptions {
        subsets: Some(vec!["curated".into()]),
        ..options(&gone)
    };
    let data = tree.load_with(&curated).unwrap();
    assert_eq!(data.items.len(), 3);
    // It may be a slip, so it is reported.
    let passed_over = Corrected {
        file: "nowhere.json".into(),
        subset: "noisy".into(),
        passed_over: true,
        ..Corrected::default()
    };
    assert_eq!(data.corrected, [passed_over]);
    let unlabelled = DataOptions {
        read_labels: false,
        ..options(&gone)
    };
    assert_eq!(tree.load_with(&unlabelled).unwrap().items.len(), 6);
    // A clip that is skipped because its audio is missing may be named.
    std::fs::remove_file(tree.path("train_curated/a.wav")).unwrap();
    let skipping = DataOptions {
        missing_files: MissingFiles::Skip,
        ..options(&[corrections("curated.json", "curated", None)])
    };
    let data = tree.load_with(&skipping).unwrap();
    assert_eq!((data.items.len(), data.corrected[0].removed), (5, 0));
}

#[test]
fn entries_that_fit_nothing_are_named() {
    let refused = |text: &str, subset: &str| {
        let tree = tree();
        tree.add("x.json", text);
        tree.error_with(&options(&[corrections("x.json", subset, None)]))
    };
    assert_eq!(
        refused(r#"{"d.wav": "remove"}"#, "curated"),
        "DIR/x.json: \"d.wav\": is not a file of the subset \"curated\"; did you mean \"a.wav\"?; correct the name or \
         remove the entry"
    );
    assert_eq!(
        refused(r#"{"c.wav": "Bark,Mew"}"#, "curated"),
        "DIR/x.json: \"c.wav\": \"Mew\" is not one of the 3 classes; did you mean \"Meow\"?; correct it, or write \
         \"remove\" to remove the clip"
    );
    assert_eq!(
        refused(r#"{"c.wav": ""}"#, "curated"),
        "DIR/x.json: \"c.wav\": has no labels; name some, or write \"remove\" to remove the clip"
    );
    assert_eq!(
        refused(r#"{"c.wav": "Bark,"}"#, "curated"),
        "DIR/x.json: \"c.wav\": there is an empty label in \"Bark,\"; remove the extra separator"
    );
    assert!(
        refused(r#"{"c.wav": "Bark", "c.wav": "Meow"}"#, "curated")
            .starts_with("DIR/x.json: \"c.wav\" is named twice; corrections are")
    );
    assert!(refused(r#"{"c.wav": ["Bark"]}"#, "curated").contains("line 1 column"));
    assert!(refused("[]", "curated").contains("an object of files"));
    assert_eq!(
        refused("{}", "noise"),
        "DIR has no subset \"noise\"; its subsets are \"curated\", \"noisy\""
    );
    let missing = tree().error_with(&options(&[corrections("nowhere.json", "noisy", None)]));
    assert!(
        missing.starts_with(
            "nowhere.json: there is no such file of corrections; looked for DIR/nowhere.json; put it in one of these \
             folders, or name"
        ),
        "{missing}"
    );
}

/// Subset, file and labels of all items.
fn rows(data: &DataSet) -> Vec<[String; 3]> {
    let row = |item: &Item| {
        let labels: Vec<&str> = data.labels_of(item).collect();
        [item.subset.clone(), item.file.clone(), labels.join(",")]
    };
    data.items.iter().map(row).collect()
}

/// argus-2019's three ways to use its relabelled noisy clips: next to the noisy subset as it is, next to one that is
/// corrected too, and next to one of nothing else.
#[test]
fn relabelled_clips_are_copied_and_the_rest_left_out() {
    let tree = tree();
    let copy = Corrections {
        copy: true,
        ..corrections("noisy.json", "noisy", Some("corrected"))
    };
    let in_place = corrections("noisy.json", "noisy", None);
    let named_only = Corrections {
        named_only: true,
        ..in_place.clone()
    };
    let noisy = |entries: &[Corrections]| {
        let data = tree.load_with(&options(entries)).unwrap();
        assert_eq!(data.corrections.len(), 1, "the file is kept once");
        let mut rows = rows(&data);
        rows.retain(|row| row[0] != "curated");
        (rows, data.corrected)
    };
    let row = |subset: &str, file: &str, labels: &str| [subset, file, labels].map(str::to_owned);
    let (copied, m, a) = (
        row("corrected", "m.wav", "Meow"),
        row("noisy", "m.wav", "Meow"),
        row("noisy", "a.wav", "Rain"),
    );
    let (as_it_is, changes) = noisy(std::slice::from_ref(&copy));
    assert_eq!(
        as_it_is,
        [
            row("noisy", "n.wav", "Rain"),
            row("noisy", "m.wav", "Bark"),
            a.clone(),
            copied.clone()
        ]
    );
    assert_eq!(
        (changes[0].removed, changes[0].labelled, changes[0].copied),
        (0, 0, 1)
    );
    assert_eq!(noisy(&[copy.clone(), in_place]).0, [m.clone(), a, copied.clone()]);
    let (only, changes) = noisy(&[copy.clone(), named_only]);
    assert_eq!(only, [m, copied]);
    assert_eq!(changes[1].removed, 2);
    for (entry, remedy) in [
        (
            Corrections {
                corrected_subset: None,
                ..copy.clone()
            },
            "add corrected-subset, the name of the subset of the copies",
        ),
        (
            Corrections {
                named_only: true,
                ..copy
            },
            "leaves the subset itself as it is; give named-only and keep-in-folds in another entry with the same file",
        ),
    ] {
        let refused = tree.error_with(&options(&[entry]));
        assert_eq!(refused, format!("corrections[0].copy = true: {remedy}"));
    }
}

/// A removed clip that stays in folds is not an item, and has its place in the table where folds are drawn.
#[test]
fn removed_clips_can_stay_in_folds() {
    let tree = tree();
    let plain = tree.load().unwrap();
    let kept = Corrections {
        keep_in_folds: true,
        ..corrections("curated.json", "curated", None)
    };
    let mut data = tree.load_with(&options(std::slice::from_ref(&kept))).unwrap();
    let curated = |data: &DataSet| -> Vec<String> {
        let of_subset = data.items.iter().filter(|item| item.subset == "curated");
        of_subset.map(|item| item.file.clone()).collect()
    };
    assert_eq!(curated(&data), ["b.wav", "c.wav"]);
    assert_eq!(data.removed.len(), 1);
    assert_eq!((data.removed[0].0, data.removed[0].1.file.as_str()), (0, "a.wav"));
    assert_eq!(curated(&data.with_removed()), curated(&plain));
    // Given a fold there, it takes it along.
    let before = data.clone();
    data = data.with_removed();
    data.items[0].fold = Some(3);
    data.take_removed();
    assert_eq!(data.items, before.items);
    assert_eq!((data.removed[0].0, data.removed[0].1.fold), (0, Some(3)));
    // Another file that removes it for good wins, in whichever order.
    let gone = corrections("curated.json", "curated", None);
    for both in [[kept.clone(), gone.clone()], [gone, kept]] {
        assert!(tree.load_with(&options(&both)).unwrap().removed.is_empty());
    }
    assert_ne!(before.fingerprint().unwrap(), plain.fingerprint().unwrap());
}

/// The folder of the files is named by the options, and a run's own copies come first.
#[test]
fn corrections_are_read_from_their_folder_or_from_a_run() {
    let tree = tree();
    tree.add("fixes/x.json", r#"{"a.wav": "Meow"}"#);
    let in_folder = DataOptions {
        corrections_folder: Some("fixes".into()),
        ..options(&[corrections("x.json", "curated", None)])
    };
    let data = tree.load_with(&in_folder).unwrap();
    assert_eq!(rows(&data)[0][2], "Meow");
    let [file] = data.corrections.as_slice() else {
        panic!("{:?}", data.corrections);
    };
    assert_eq!(
        (file.name.as_str(), &*file.bytes),
        ("1-x.json", &br#"{"a.wav": "Meow"}"#[..])
    );
    tree.add("run/1-x.json", r#"{"a.wav": "Rain"}"#);
    let of_a_run = |kept: &str| {
        let options = DataOptions {
            kept_corrections: Some(tree.path(kept)),
            ..in_folder.clone()
        };
        rows(&tree.load_with(&options).unwrap())[0][2].clone()
    };
    assert_eq!(
        (of_a_run("run"), of_a_run("other")),
        ("Rain".into(), "Meow".into())
    );
}

/// The folder that is given, the data folder, what comes with the recipe: which of them was taken is noted, and all are
/// named where none has the file.
#[test]
fn the_first_place_that_has_a_file_is_taken() {
    let tree = tree();
    let options = |name: &str| DataOptions {
        corrections_folder: Some("given".into()),
        recipe_corrections: RecipeCorrections {
            folders: vec![tree.path("recipes")],
            texts: &[("x.json", r#"{"a.wav": "Rain", "c.wav": "remove"}"#)],
        },
        ..options(&[corrections(name, "curated", None)])
    };
    let refused = tree.error_with(&options("y.json"));
    assert!(
        refused.starts_with(
            "y.json: there is no such file of corrections; looked for DIR/given/y.json, DIR/y.json, \
             DIR/recipes/corrections/y.json, DIR/recipes/y.json, and among the files that earmark carries; "
        ),
        "{refused}"
    );
    let note = || {
        let mut notes = tree.load_with(&options("x.json")).unwrap().notes;
        assert_eq!(notes.len(), 1);
        notes.remove(0).replace(&tree.path("").display().to_string(), "")
    };
    assert_eq!(
        note(),
        "x.json, carried by the recipe: 2 clips, 1 removed, 1 relabelled (subset curated)"
    );
    for place in [
        "recipes/x.json",
        "recipes/corrections/x.json",
        "x.json",
        "given/x.json",
    ] {
        tree.add(place, r#"{"b.wav": "Meow"}"#);
        assert_eq!(
            note(),
            format!("{place}: 1 clip, 0 removed, 1 relabelled (subset curated)")
        );
    }
    // A clip that the data does not have can't be taken out of what the program carries.
    let other = DataOptions {
        recipe_corrections: RecipeCorrections {
            folders: Vec::new(),
            texts: &[("z.json", r#"{"d.wav": "remove"}"#)],
        },
        ..options("z.json")
    };
    let refused = tree.error_with(&other);
    let message =
        "z.json, carried by the recipe: \"d.wav\": is not a file of the subset \"curated\"; did you mean";
    assert!(
        refused.starts_with(message) && refused.contains("or train without corrections"),
        "{refused}"
    );
}
