//! Keys of `[data]`: patterns, changes of classes; and the layouts of UrbanSound8K and FSD50K.

use super::table_support::Tree;
use super::{row, summary};
use earmark_data::{DataOptions, LayoutKind, MissingFiles};

fn options(json: &str) -> DataOptions {
    serde_json::from_str(json).unwrap()
}

#[test]
fn urbansound8k() {
    let table = "slice_file_name,fsID,start,end,salience,fold,classID,class\n\
                 7-3-0-0.wav,7,0.0,4.0,1,2,3,dog_bark\n7-3-0-1.wav,7,4.0,8.0,1,2,3,dog_bark\n9-5-0-0.wav,9,0.0,4.0,1,1,5,siren\n";
    let tree = Tree::new(&[
        ("metadata/UrbanSound8K.csv", table),
        ("audio/fold2/7-3-0-0.wav", ""),
        ("audio/fold2/7-3-0-1.wav", ""),
        ("audio/fold1/9-5-0-0.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Urbansound8k);
    let expected = [
        row("7-3-0-0.wav", &["dog_bark"], "train"),
        row("7-3-0-1.wav", &["dog_bark"], "train"),
        row("9-5-0-0.wav", &["siren"], "train"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(
        set.describe(),
        "urbansound8k, metadata/UrbanSound8K.csv: file column slice_file_name, label column class, group column fsID; 2 classes, 2 folds, \
         2 groups, 3 clips"
    );
    assert_eq!(set.items[2].path, tree.path("audio/fold1/9-5-0-0.wav"));
    // Without the layout: found by name, or by the pattern of their place.
    let by_name = tree
        .load_with(&options(
            r#"{"layout": "csv", "table": "metadata/UrbanSound8K.csv", "file-column": "slice_file_name", "group-column": "fsID"}"#,
        ))
        .unwrap();
    let by_pattern = tree
        .load_with(&options(
            r#"{"table": "metadata/UrbanSound8K.csv", "file-column": "slice_file_name", "group-column": "fsID",
                "file-pattern": "audio/fold{fold}/{}"}"#,
        ))
        .unwrap();
    assert_eq!(by_name.items, set.items);
    assert_eq!(by_pattern.items, set.items);
    std::fs::remove_file(tree.path("audio/fold1/9-5-0-0.wav")).unwrap();
    assert!(
        tree.error()
            .starts_with("DIR/metadata/UrbanSound8K.csv: 1 of 3 listed audio files are missing"),
        "{}",
        tree.error()
    );
}

#[test]
fn fsd50k() {
    let tree = Tree::new(&[
        (
            "FSD50K.ground_truth/dev.csv",
            "fname,labels,mids,split\n64760,\"Bark,Dog\",\"/m/1,/m/2\",train\n16399,Siren,/m/3,val\n",
        ),
        (
            "FSD50K.ground_truth/eval.csv",
            "fname,labels,mids\n37199,Dog,/m/2\n",
        ),
        (
            "FSD50K.ground_truth/vocabulary.csv",
            "0,Siren,/m/3\n1,Dog,/m/2\n2,Bark,/m/1\n3,Purr,/m/4\n",
        ),
        ("FSD50K.dev_audio/64760.wav", ""),
        ("FSD50K.dev_audio/16399.wav", ""),
        ("FSD50K.eval_audio/37199.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!((set.layout, set.multi_label), (LayoutKind::Fsd50k, true));
    assert_eq!(set.classes.names(), ["Siren", "Dog", "Bark", "Purr"]);
    let expected = [
        row("64760", &["Dog", "Bark"], "train"),
        row("16399", &["Siren"], "val"),
        row("37199", &["Dog"], "test"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(set.items[2].path, tree.path("FSD50K.eval_audio/37199.wav"));
    // A subset that is not wanted needs no audio, and no table.
    std::fs::remove_dir_all(tree.path("FSD50K.eval_audio")).unwrap();
    let training = options(r#"{"subsets": ["train", "val"]}"#);
    assert_eq!(tree.load_with(&training).unwrap().items.len(), 2);
    assert!(
        tree.error()
            .contains("lists the subset \"test\", but DIR has none of its audio folders"),
        "{}",
        tree.error()
    );
    std::fs::remove_file(tree.path("FSD50K.ground_truth/eval.csv")).unwrap();
    assert_eq!(tree.load().unwrap().items.len(), 2);
    tree.add(
        "FSD50K.ground_truth/dev.csv",
        "fname,labels,mids,split\n64760,Bark,/m/1,tst\n",
    );
    assert_eq!(
        tree.error(),
        "DIR/FSD50K.ground_truth/dev.csv:2: the split is \"tst\"; write train or val"
    );
}

fn listed() -> Tree {
    let table = "id,label\n10_a,dog\n10_b,dog\n20_a,cat\n30_a,puppy\n40_a,noise\nodd,cat\n";
    let tree = Tree::new(&[("t.csv", table)]);
    for name in ["10_a", "10_b", "20_a", "30_a", "40_a", "odd"] {
        tree.add(&format!("audio/{name}.wav"), "");
    }
    tree
}

#[test]
fn file_patterns() {
    let tree = listed();
    let set = tree
        .load_with(&options(
            r#"{"file-column": "id", "file-pattern": "audio/{}.wav"}"#,
        ))
        .unwrap();
    assert_eq!(set.items[0].file, "10_a");
    assert_eq!(set.items[0].path, tree.path("audio/10_a.wav"));
    let error = |pattern: &str| {
        tree.error_with(&options(&format!(
            r#"{{"file-column": "id", "file-pattern": "{pattern}"}}"#
        )))
    };
    assert_eq!(
        error("audio/x.wav"),
        "file-pattern = \"audio/x.wav\": it names the same file for every row; write a path with {} for the cell of the file column, such \
         as \"audio/{}.wav\""
    );
    assert!(error("{").contains("a brace is not closed"));
    assert!(
        error("{labl}/{}").contains(
            "there is no column \"labl\"; did you mean \"label\"?; the columns are \"id\", \"label\""
        )
    );
    // A pattern says where the files are: nowhere else is searched.
    assert!(
        error("sound/{}.wav")
            .contains("looked for DIR/sound/10_a.wav, but the file that fits is \"audio/10_a.wav\""),
        "{}",
        error("sound/{}.wav")
    );
}

#[test]
fn group_patterns() {
    let tree = listed();
    let set = tree
        .load_with(&options(r#"{"file-column": "id", "group-pattern": "^(\\d+)_"}"#))
        .unwrap();
    let groups: Vec<Option<&str>> = set.items.iter().map(|item| item.group.as_deref()).collect();
    assert_eq!(
        groups,
        [Some("10"), Some("10"), Some("20"), Some("30"), Some("40"), None]
    );
    assert_eq!(
        set.notes.last().unwrap(),
        "group-pattern: 1 file name without a group, first \"odd\""
    );
    let error = |pattern: &str| {
        tree.error_with(&options(&format!(
            r#"{{"file-column": "id", "group-pattern": "{pattern}"}}"#
        )))
    };
    assert!(error("^[0-9]+").contains("it has no capture group"));
    assert!(error("(").contains("not a regular expression"));
    assert!(error("^(x)").contains("it fits no file name, first \"10_a\""));
    let both = options(r#"{"file-column": "id", "group-column": "label", "group-pattern": "^(.)"}"#);
    assert!(
        tree.error_with(&both)
            .contains("group-column = \"label\" names the groups too")
    );
    // For folders as well.
    let folders = Tree::new(&[("dog/7-a.wav", ""), ("cat/7-b.wav", "")]);
    let set = folders
        .load_with(&options(r#"{"group-pattern": "/(\\d+)-"}"#))
        .unwrap();
    assert!(set.items.iter().all(|item| item.group.as_deref() == Some("7")));
}

#[test]
fn classes_are_renamed_merged_and_ignored() {
    let tree = listed();
    let changed = |classes: &str| options(&format!(r#"{{"file-column": "id", "classes": {classes}}}"#));
    let set = tree
        .load_with(&changed(
            r#"{"rename": {"puppy": "dog", "cat": "feline"}, "ignore": ["noise"]}"#,
        ))
        .unwrap();
    assert_eq!(set.classes.names(), ["dog", "feline"]);
    assert_eq!(set.class_counts(), [3, 2]);
    assert_eq!(set.items.len(), 5);
    assert_eq!(
        set.notes.last().unwrap(),
        "1 recording of the ignored classes \"noise\" left out"
    );
    assert_eq!(
        tree.error_with(&changed(r#"{"ignore": ["nois"]}"#)),
        "classes: \"nois\" is not a class of the data; did you mean \"noise\"?; name a class as the data does, or remove it"
    );
    assert!(
        tree.error_with(&changed(r#"{"ignore": ["dog", "cat", "puppy", "noise"]}"#))
            .contains("all of them have only ignored classes")
    );
    // The whole data counts, not only the subset that is read.
    let subsets = Tree::new(&[
        ("train/dog/a.wav", ""),
        ("train/cat/b.wav", ""),
        ("test/dog/c.wav", ""),
    ]);
    let test = options(r#"{"subsets": ["test"], "classes": {"rename": {"cat": "feline"}}}"#);
    assert_eq!(subsets.load_with(&test).unwrap().items.len(), 1);
    let unknown = options(r#"{"subsets": ["test"], "classes": {"rename": {"cats": "feline"}}}"#);
    assert!(subsets.error_with(&unknown).contains("did you mean \"cat\"?"));
    // Written into a recipe and read back; nothing is written where nothing changes.
    let text = toml::to_string(&test).unwrap();
    assert_eq!(toml::from_str::<DataOptions>(&text).unwrap(), test);
    assert!(
        !toml::to_string(&DataOptions::default())
            .unwrap()
            .contains("classes")
    );
}

/// Predicting needs neither classes nor groups, and takes recordings as they lie.
#[test]
fn what_is_read_for_predicting() {
    let tree = Tree::new(&[("a.wav", ""), ("b.wav", "")]);
    assert!(
        tree.error()
            .starts_with("cannot tell the layout of DIR (it contains a.wav, b.wav)")
    );
    let unlabelled = DataOptions {
        read_labels: false,
        missing_files: MissingFiles::Refuse,
        group_pattern: Some("^(x)".into()),
        ..options(r#"{"classes": {"ignore": ["anything"]}}"#)
    };
    let set = tree.load_with(&unlabelled).unwrap();
    assert_eq!(set.describe(), "folders: no labels, 2 clips");
}
