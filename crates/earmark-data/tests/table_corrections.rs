//! Corrections of a table, in argus-2019's form.

mod table_support;

use earmark_data::dataset::{Corrected, Corrections};
use earmark_data::{DataOptions, MissingFiles};
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
        passed_over: false,
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
        removed: 0,
        labelled: 0,
        passed_over: true,
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
        "DIR/x.json: \"d.wav\": is not a file of the subset \"curated\"; did you mean \"a.wav\"?; correct the name or remove the entry"
    );
    assert_eq!(
        refused(r#"{"c.wav": "Bark,Mew"}"#, "curated"),
        "DIR/x.json: \"c.wav\": \"Mew\" is not one of the 3 classes; did you mean \"Meow\"?; correct it, or write \"remove\" to remove the clip"
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
    assert!(missing.starts_with("cannot read DIR/nowhere.json"), "{missing}");
}
