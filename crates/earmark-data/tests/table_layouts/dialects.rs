//! What spreadsheets, pandas and other programs write as CSV, and one rule for the labels of a cell.

use super::table_support::Tree;
use earmark_data::dataset::Corrections;
use earmark_data::{DataOptions, LayoutKind};

fn with_audio(table: &[u8]) -> Tree {
    let tree = Tree::new(&[]);
    std::fs::write(tree.path("t.csv"), table).unwrap();
    for name in ["dog0", "dog1", "cat0", "cat1"] {
        tree.add(&format!("{name}.wav"), "");
    }
    tree
}

const ROWS: [(&str, &str); 4] = [
    ("dog0.wav", "dog"),
    ("dog1.wav", "dog"),
    ("cat0.wav", "cat"),
    ("cat1.wav", "cat"),
];

/// The table with this between cells and around them.
fn table(separator: &str, quote: &str) -> String {
    let row = |(file, label): (&str, &str)| format!("{quote}{file}{quote}{separator}{quote}{label}{quote}\n");
    format!("file{separator}label\n{}", ROWS.map(row).concat())
}

#[test]
fn dialects_are_read() {
    let plain = table(",", "");
    for text in [
        plain.clone(),
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace("dog1", "\n\n  \n,\ndog1"),
        table(",", "\""),
        table(", ", "\""),
        table(";", ""),
        format!("\u{feff}{}", table(";", "")),
        table("\t", ""),
        plain
            .replace('\n', "\n0,")
            .replacen("file", ",file", 1)
            .trim_end_matches("0,")
            .to_owned(),
        plain.replacen("file,label", "File,Label", 1),
    ] {
        let tree = with_audio(text.as_bytes());
        let set = tree.load().unwrap();
        assert_eq!(set.items.len(), 4, "{text:?}");
        assert_eq!(set.classes.names(), ["cat", "dog"], "{text:?}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    let utf16: Vec<u8> = format!("\u{feff}{}", table(",", ""))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        with_audio(&utf16).error(),
        "DIR/t.csv:1: the text is UTF-16, not UTF-8; save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")"
    );
    let mut latin1 = table(",", "").into_bytes();
    latin1.extend(b"dog2.wav,K\xe4uz\n");
    assert!(
        with_audio(&latin1)
            .error()
            .starts_with("DIR/t.csv:6: the text is not UTF-8;")
    );
    let open = table(",", "").replacen("dog\n", "\"dog\n", 1);
    assert!(with_audio(open.as_bytes()).error().starts_with(
        "DIR/t.csv:2: the quote in \"\\\"dog\" is never closed, so the rows behind it are not separated"
    ));
}

#[test]
fn times_of_labels_are_no_clips() {
    let tree = with_audio(b"file,start,end,label\ndog0.wav,0,0.02,dog\ndog0.wav,0.02,0.05,cat\n");
    assert_eq!(tree.load().unwrap().layout, LayoutKind::Events);
    let csv = DataOptions {
        layout: Some(LayoutKind::Csv),
        ..DataOptions::default()
    };
    assert_eq!(
        tree.error_with(&csv),
        "DIR/t.csv:3: \"dog0.wav\" is already listed on line 2, as a table with the columns \"start\" and \"end\" does \
         for each sound in a recording; read it with --layout events, which cuts recordings into windows, or list each \
         once with the labels of all of it"
    );
    let once = with_audio(b"file,start,end,label\ndog0.wav,0,1,dog\ncat0.wav,0,1,cat\n");
    assert_eq!(once.load().unwrap().items.len(), 2);
}

/// A table of two recordings, which are all in the folder.
fn of_two(table: &str) -> Tree {
    Tree::new(&[("t.csv", table), ("dog0.wav", ""), ("cat0.wav", "")])
}

#[test]
fn the_name_of_the_column_says_how_a_cell_is_split() {
    let one = of_two("file,label\ndog0.wav,\"Dog, bark\"\ncat0.wav,cat\n");
    let set = one.load().unwrap();
    assert_eq!(set.classes.names(), ["Dog, bark", "cat"]);
    assert!(!set.multi_label);
    assert_eq!(
        set.notes,
        [
            "t.csv: 1 label with commas in the column \"label\", such as \"Dog, bark\", taken as one label each; if \
             commas separate labels, name the column `labels` or set --label-separator ,"
        ]
    );
    let separated = |separator: &str| DataOptions {
        label_separator: Some(separator.to_owned()),
        ..DataOptions::default()
    };
    let split = one.load_with(&separated(",")).unwrap();
    assert_eq!(split.classes.names(), ["Dog", "bark", "cat"]);
    assert!(split.notes.is_empty());
    let several = of_two("file,labels\ndog0.wav,\"\"\"Dog, bark\"\",wind\"\ncat0.wav,cat\n");
    let set = several.load().unwrap();
    assert_eq!(set.classes.names(), ["Dog, bark", "cat", "wind"]);
    assert!(set.multi_label && set.notes.is_empty());
    let whole = several.load_with(&separated("")).unwrap();
    assert_eq!(whole.classes.names(), ["\"Dog, bark\",wind", "cat"]);
}

/// Other separators than commas may be meant in a column of any name.
#[test]
fn other_separators_in_labels_are_said() {
    let semicolons = of_two("file,labels\ndog0.wav,dog;noise\ncat0.wav,cat\n")
        .load()
        .unwrap();
    assert_eq!(semicolons.classes.names(), ["cat", "dog;noise"]);
    assert_eq!(
        semicolons.notes,
        [
            "t.csv: 1 label with semicolons in the column \"labels\", such as \"dog;noise\", taken as one label each; \
             if semicolons separate labels, set --label-separator \";\""
        ]
    );
    let bars = of_two("file,label\ndog0.wav,dog|noise\ncat0.wav,cat|noise\n");
    let notes = bars.load().unwrap().notes;
    assert!(
        notes[0].starts_with("t.csv: 2 labels with vertical bars in the column \"label\""),
        "{notes:?}"
    );
    assert!(
        notes[0].ends_with("separate labels, set --label-separator \"|\""),
        "{notes:?}"
    );
    let named = DataOptions {
        label_separator: Some("|".to_owned()),
        ..DataOptions::default()
    };
    let set = bars.load_with(&named).unwrap();
    assert_eq!((set.classes.names().len(), set.notes.len()), (3, 0));
}

#[test]
fn corrections_follow_the_same_rule() {
    let tree = with_audio(b"file,label\ndog0.wav,\"Dog, bark\"\ncat0.wav,cat\ncat1.wav,cat\n");
    let options = DataOptions {
        corrections: vec![Corrections {
            file: "fix.json".into(),
            subset: "train".into(),
            ..Corrections::default()
        }],
        ..DataOptions::default()
    };
    tree.add("fix.json", r#"{"cat1.wav": "\"Dog, bark\""}"#);
    let set = tree.load_with(&options).unwrap();
    assert_eq!(set.class_counts(), [2, 1]);
    tree.add("fix.json", r#"{"cat1.wav": "Dog, bark"}"#);
    assert_eq!(
        tree.error_with(&options),
        "DIR/fix.json: \"cat1.wav\": \"Dog\" is not one of the 2 classes; write \"\\\"Dog, bark\\\"\" if the class \
         \"Dog, bark\" is meant; correct it, or write \"remove\" to remove the clip"
    );
}
