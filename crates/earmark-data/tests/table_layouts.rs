//! The five layouts on small trees, and ESC-10.

mod table_support;

use earmark_data::layout::recognise;
use earmark_data::{ClassMap, DataOptions, LayoutKind, MissingFiles, load};
use table_support::{Tree, class_map, shared};

const TRAIN_2018: &str = "fname,label,manually_verified\na.wav,Hi-hat,0\nb.wav,Saxophone,1\n";
const CURATED: &str = "fname,labels\na.wav,\"Bark,Raindrop\"\nb.wav,Meow\n";
const NOISY: &str = "fname,labels\nn.wav,Bark\n";

/// `(file, labels, subset)` of all items.
fn summary(set: &earmark_data::DataSet) -> Vec<(String, Vec<String>, String)> {
    let labels = |i| set.labels_of(i).map(str::to_owned).collect();
    set.items
        .iter()
        .map(|i| (i.file.clone(), labels(i), i.subset.clone()))
        .collect()
}

fn row(file: &str, labels: &[&str], subset: &str) -> (String, Vec<String>, String) {
    (
        file.into(),
        labels.iter().map(|&l| l.into()).collect(),
        subset.into(),
    )
}

#[test]
fn fsdkaggle2018_as_on_kaggle() {
    let tree = Tree::new(&[
        ("train.csv", TRAIN_2018),
        ("audio_train/a.wav", ""),
        ("audio_train/b.wav", ""),
        ("audio_test/x.wav", ""),
        ("audio_test/y.wav", ""),
        (
            "sample_submission.csv",
            "fname,label\nx.wav,Laughter Hi-Hat Flute\ny.wav,Laughter Hi-Hat Flute\n",
        ),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2018);
    assert_eq!(set.classes.names(), ["Hi-hat", "Saxophone"]);
    assert!(!set.multi_label);
    let expected = [
        row("a.wav", &["Hi-hat"], "train"),
        row("b.wav", &["Saxophone"], "train"),
        row("x.wav", &[], "test"),
        row("y.wav", &[], "test"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(
        set.items.iter().map(|i| i.verified).collect::<Vec<_>>(),
        [Some(false), Some(true), None, None]
    );
    assert_eq!(
        set.items.iter().map(|i| i.line).collect::<Vec<_>>(),
        [Some(2), Some(3), Some(2), Some(3)]
    );
    assert_eq!(set.items[2].path, tree.path("audio_test/x.wav"));
}

#[test]
fn fsdkaggle2018_as_on_zenodo_with_unscored_clips() {
    let tree = Tree::new(&[
        (
            "FSDKaggle2018.meta/train_post_competition.csv",
            "fname,label,manually_verified,freesound_id,license\na.wav,Hi-hat,0,1,cc0\n",
        ),
        (
            "FSDKaggle2018.meta/test_post_competition.csv",
            "fname,label,usage,freesound_id,license\nx.wav,Hi-hat,Public,2,cc0\ny.wav,None,Ignored,3,cc0\n",
        ),
        ("FSDKaggle2018.audio_train/a.wav", ""),
        ("FSDKaggle2018.audio_test/x.wav", ""),
        ("FSDKaggle2018.audio_test/y.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2018);
    let expected = [
        row("a.wav", &["Hi-hat"], "train"),
        row("x.wav", &["Hi-hat"], "test"),
        row("y.wav", &[], "test"),
    ];
    assert_eq!(summary(&set), expected);
}

#[test]
fn fsdkaggle2019_as_on_kaggle() {
    let tree = Tree::new(&[
        ("train_curated.csv", CURATED),
        ("train_noisy.csv", NOISY),
        ("train_curated/a.wav", ""),
        ("train_curated/b.wav", ""),
        ("train_noisy/n.wav", ""),
        ("test/t.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2019);
    assert!(set.multi_label);
    let expected = [
        row("a.wav", &["Bark", "Raindrop"], "curated"),
        row("b.wav", &["Meow"], "curated"),
        row("n.wav", &["Bark"], "noisy"),
        row("t.wav", &[], "test"), // no table of the test clips at all: the folder names them
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(set.items[0].multi_hot(3), [1.0, 0.0, 1.0]);
    assert_eq!(set.subsets(), ["curated", "noisy", "test"]);
    let curated = DataOptions {
        subsets: Some(vec!["curated".into()]),
        ..DataOptions::default()
    };
    // The curated clips alone have the same classes here, so that both ways give the same set.
    assert_eq!(
        tree.load_with(&curated).unwrap(),
        set.select_subsets(&["curated"]).unwrap()
    );
    let message = set.select_subsets(&["nosy"]).unwrap_err().to_string();
    assert!(
        message.ends_with("has no subset \"nosy\"; its subsets are \"curated\", \"noisy\", \"test\""),
        "{message}"
    );
}

#[test]
fn fsdkaggle2019_as_on_zenodo() {
    let tree = Tree::new(&[
        (
            "FSDKaggle2019.meta/train_curated_post_competition.csv",
            "fname,labels,freesound_id,license\na.wav,Bark,1,x\n",
        ),
        (
            "FSDKaggle2019.meta/train_noisy_post_competition.csv",
            "fname,labels,flickr_video_URL,license\nn.wav,Bark,1,x\n",
        ),
        (
            "FSDKaggle2019.meta/test_post_competition.csv",
            "fname,labels,usage,license\nt.wav,\"Bark,Meow\",Public,x\n",
        ),
        ("FSDKaggle2019.audio_train_curated/a.wav", ""),
        ("FSDKaggle2019.audio_train_noisy/n.wav", ""),
        ("FSDKaggle2019.audio_test/t.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2019);
    let expected = [
        row("a.wav", &["Bark"], "curated"),
        row("n.wav", &["Bark"], "noisy"),
        row("t.wav", &["Bark", "Meow"], "test"),
    ];
    assert_eq!(summary(&set), expected);
    // A subset that is not wanted needs no audio.
    std::fs::remove_dir_all(tree.path("FSDKaggle2019.audio_train_noisy")).unwrap();
    let options = DataOptions {
        subsets: Some(vec!["curated".into(), "test".into()]),
        ..DataOptions::default()
    };
    assert_eq!(tree.load_with(&options).unwrap().items.len(), 2);
}

#[test]
fn test_clips_alone_are_enough_to_predict() {
    let tree = Tree::new(&[
        ("sample_submission.csv", "fname,Bark,Meow\nt.wav,0,0\n"),
        ("test/t.wav", ""),
    ]);
    let options = DataOptions {
        read_labels: false,
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2019);
    assert_eq!(summary(&set), [row("t.wav", &[], "test")]);
}

#[test]
fn esc50_groups_and_folds() {
    let table = "filename,fold,target,category,esc10,src_file,take\n\
                 1-100-A-0.wav,1,0,dog,True,100,A\n1-100-B-0.wav,1,0,dog,True,100,B\n2-200-A-1.wav,2,1,rain,False,,A\n";
    let tree = Tree::new(&[
        ("meta/esc50.csv", table),
        ("audio/1-100-A-0.wav", ""),
        ("audio/1-100-B-0.wav", ""),
        ("audio/2-200-A-1.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!((set.layout, set.folds()), (LayoutKind::Esc50, vec![1, 2]));
    let groups: Vec<_> = set.items.iter().map(|i| i.group.as_deref()).collect();
    assert_eq!(groups, [Some("100"), Some("100"), None]);
    assert_eq!(set.split_fold(2).unwrap(), (vec![0, 1], vec![2]));
    let message = set.split_fold(3).unwrap_err().to_string();
    assert!(
        message.ends_with("has no fold 3; its folds are 1, 2"),
        "{message}"
    );
}

#[test]
fn esc10_from_the_shared_data() {
    let Some(root) = shared("data/esc10") else { return };
    let set = load(&root, &DataOptions::default()).unwrap();
    assert_eq!(set.layout, LayoutKind::Esc50);
    assert_eq!(
        (set.items.len(), set.classes.len(), set.folds()),
        (400, 10, vec![1, 2, 3, 4, 5])
    );
    assert_eq!(set.class_counts(), [40; 10]);
    assert_eq!(set.classes.name(0), Some("chainsaw"));
    for fold in 1..=5 {
        let (rest, held_out) = set.split_fold(fold).unwrap();
        assert_eq!((rest.len(), held_out.len()), (320, 80));
        // The published folds keep takes of one recording together; the derived groups must agree.
        let groups: std::collections::HashSet<_> = held_out.iter().map(|&i| &set.items[i].group).collect();
        assert!(rest.iter().all(|&i| !groups.contains(&set.items[i].group)));
    }
    assert_eq!(
        set.fingerprint().unwrap(),
        load(&root, &DataOptions::default())
            .unwrap()
            .fingerprint()
            .unwrap()
    );
}

#[test]
fn csv_with_own_columns() {
    let tree = Tree::new(&[
        (
            "lists/my.csv",
            "clip,tags,k,who,use\r\n../snd/1.wav,rain|wind,0,ann,dev\r\n\r\n../snd/2.wav,,1,bob,dev\r\n../snd/3.wav,wind,,ann,final\r\n",
        ),
        ("snd/1.wav", ""),
        ("snd/2.wav", ""),
        ("snd/3.wav", ""),
    ]);
    let options: DataOptions = serde_json::from_str(
        r#"{"table": "lists/my.csv", "file-column": "clip", "label-column": "tags", "fold-column": "k",
            "group-column": "who", "part-column": "use", "label-separator": "|"}"#,
    )
    .unwrap();
    let set = tree.load_with(&options).unwrap();
    assert_eq!(set.layout, LayoutKind::Csv);
    let expected = [
        row("../snd/1.wav", &["rain", "wind"], "dev"),
        row("../snd/2.wav", &[], "dev"),
        row("../snd/3.wav", &["wind"], "final"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(
        set.items.iter().map(|i| i.fold).collect::<Vec<_>>(),
        [Some(0), Some(1), None]
    );
    assert_eq!(
        set.items.iter().map(|i| i.group.as_deref()).collect::<Vec<_>>(),
        [Some("ann"), Some("bob"), Some("ann")]
    );
    // Windows line ends and the blank line count as an editor counts them.
    assert_eq!(
        set.items.iter().map(|i| i.line).collect::<Vec<_>>(),
        [Some(2), Some(4), Some(5)]
    );
    assert!(set.multi_label);
    assert!(serde_json::from_str::<DataOptions>(r#"{"file_column": "x"}"#).is_err());
}

#[test]
fn csv_recognised_given_directly_and_as_tsv() {
    let tree = Tree::new(&[
        ("clips.csv", "\u{feff}file,label\na.wav,x\nb.wav,\"y, z\"\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    let whole = DataOptions {
        label_separator: Some(String::new()),
        ..DataOptions::default()
    };
    let set = tree.load_with(&whole).unwrap();
    assert_eq!((set.layout, set.multi_label), (LayoutKind::Csv, false));
    assert_eq!(set.classes.names(), ["x", "y, z"]);
    assert_eq!(load(&tree.path("clips.csv"), &whole).unwrap(), set);
    let tree = Tree::new(&[("clips.tsv", "path\tclass\na.wav\tx,y\n"), ("a.wav", "")]);
    assert_eq!(tree.load().unwrap().classes.names(), ["x", "y"]);
}

#[test]
fn a_class_map_fixes_the_order() {
    let tree = Tree::new(&[
        ("t.csv", "file,label\na.wav,x\n"),
        ("a.wav", ""),
        ("classes/map.txt", "1,x\n0,z\n"),
    ]);
    let options = DataOptions {
        class_map: Some("classes/map.txt".into()),
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    assert_eq!(
        (set.classes.names(), &set.items[0].labels[..]),
        (&["z".to_owned(), "x".to_owned()][..], &[1][..])
    );
}

#[test]
fn folders_nested_hidden_and_skipped() {
    let tree = Tree::new(&[
        ("dog/b.wav", ""),
        ("dog/deep/er/a.WAV", "not decoded here"),
        ("cat/c.flac", "not decoded here"),
        ("cat/notes.txt", "x"),
        ("cat/.hidden.wav", ""),
        (".git/x.wav", ""),
        ("README.md", "x"),
        ("stray.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Folders);
    let expected = [
        row("cat/c.flac", &["cat"], "train"),
        row("dog/b.wav", &["dog"], "train"),
        row("dog/deep/er/a.WAV", &["dog"], "train"),
    ];
    assert_eq!(summary(&set), expected);
    let skipped: Vec<_> = set
        .skipped
        .iter()
        .map(|s| format!("{} {}", s.file, s.reason))
        .collect();
    let expected = [
        "README.md is not an audio file",
        "cat/notes.txt is not an audio file",
        "stray.wav is not in a class folder",
    ];
    assert_eq!(skipped, expected);
    let options = DataOptions {
        read_labels: false,
        ..DataOptions::default()
    };
    let all = tree.load_with(&options).unwrap();
    assert_eq!((all.items.len(), all.classes.len()), (4, 0));
}

#[test]
fn folders_with_subsets() {
    let tree = Tree::new(&[
        ("train/dog/a.wav", ""),
        ("train/cat/b.wav", ""),
        ("test/dog/a.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let expected = [
        row("test/dog/a.wav", &["dog"], "test"),
        row("train/cat/b.wav", &["cat"], "train"),
        row("train/dog/a.wav", &["dog"], "train"),
    ];
    assert_eq!(summary(&set), expected);
}

#[test]
fn missing_files_can_be_skipped() {
    let tree = Tree::new(&[("t.csv", "file,label\na.wav,x\ngone.wav,y\n"), ("a.wav", "")]);
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    assert_eq!((set.items.len(), set.classes.names()), (1, &["x".to_owned()][..]));
    let skipped = format!("{} {}", set.skipped[0].file, set.skipped[0].reason);
    assert_eq!(skipped, "gone.wav is listed on line 3 but missing");
}

#[test]
fn recognition_prefers_the_specific() {
    // An ESC table beside class folders, and a table with the name but not the columns of ESC.
    let tree = Tree::new(&[
        ("meta.csv", "filename,fold,category\na.wav,1,dog\n"),
        ("audio/a.wav", ""),
    ]);
    assert_eq!(
        recognise(tree.root(), &DataOptions::default()).unwrap(),
        LayoutKind::Esc50
    );
    let tree = Tree::new(&[("meta.csv", "file,label\naudio/a.wav,dog\n"), ("audio/a.wav", "")]);
    assert_eq!(
        recognise(tree.root(), &DataOptions::default()).unwrap(),
        LayoutKind::Csv
    );
    assert_eq!(tree.load().unwrap().classes.names(), ["dog"]);
    // train.csv alone is anybody's name.
    let tree = Tree::new(&[("train.csv", "file,label\na.wav,dog\n"), ("a.wav", "")]);
    assert_eq!(
        recognise(tree.root(), &DataOptions::default()).unwrap(),
        LayoutKind::Csv
    );
}

#[test]
fn mapping_to_the_classes_of_a_model() {
    let tree = Tree::new(&[
        ("t.csv", "file,label\na.wav,\"dog,cat\"\nb.wav,cat\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let mapped = set.map_to(&class_map(&["dog", "emu", "cat"])).unwrap();
    assert_eq!(
        mapped.items.iter().map(|i| i.labels.clone()).collect::<Vec<_>>(),
        [vec![0, 2], vec![2]]
    );
    let message = set.map_to(&class_map(&["dog", "Cats"])).unwrap_err().to_string();
    assert_eq!(
        message,
        "class \"cat\" (2 recordings, such as \"a.wav\") is not among the 2 classes of the model; did you mean \
         \"Cats\"?; rename the label in the table, or train a model that has this class"
    );
}

#[test]
fn the_fingerprint_sees_rows_and_sizes() {
    let tree = Tree::new(&[
        ("t.csv", "file,label\na.wav,x\nb.wav,y\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let first = set.fingerprint().unwrap();
    assert_eq!(first.len(), 64);
    let copy = Tree::new(&[
        ("t.csv", "file,label\na.wav,x\nb.wav,y\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    assert_eq!(
        copy.load().unwrap().fingerprint().unwrap(),
        first,
        "the place must not matter"
    );
    let mut other = set.clone();
    other.items[0].fold = Some(0);
    assert_ne!(other.fingerprint().unwrap(), first);
    let mut other = set.clone();
    other.items[0].labels = vec![1];
    assert_ne!(other.fingerprint().unwrap(), first);
    tree.add("b.wav", "another size");
    assert_ne!(set.fingerprint().unwrap(), first);
}

#[test]
fn class_maps_come_back_as_written() {
    let names = [
        "Accordion",
        "Bathtub_(filling_or_washing)",
        "with, comma",
        "with \"quote\"",
    ];
    let map = class_map(&names);
    let mut bytes = Vec::new();
    map.write(&mut bytes).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(
        text,
        "0,Accordion\n1,Bathtub_(filling_or_washing)\n2,\"with, comma\"\n3,\"with \"\"quote\"\"\"\n"
    );
    assert_eq!(ClassMap::parse(&bytes, "x".as_ref()).unwrap(), map);
    assert_eq!((map.index("Accordion"), map.index("accordion")), (Some(0), None));
    let json = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<ClassMap>(&json).unwrap(), map);
    assert!(serde_json::from_str::<ClassMap>(r#"["a", "a"]"#).is_err());
    assert_eq!(ClassMap::from_labels(["b", " a", "b", ""]).names(), ["a", "b"]);
}

/// `earmark init` writes a recipe into the data folder; only there it is expected.
#[test]
fn the_own_recipe_is_not_left_out() {
    let tree = Tree::new(&[
        ("recipe.toml", "name = \"x\""),
        ("dog/a.wav", ""),
        ("dog/recipe.toml", "x"),
    ]);
    let set = tree.load().unwrap();
    let skipped: Vec<&str> = set.skipped.iter().map(|s| s.file.as_str()).collect();
    assert_eq!(skipped, ["dog/recipe.toml"]);
}

/// Only some systems have file names that are not text.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8_are_left_out_and_shown() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new(&[("dog/a.wav", ""), ("cat/b.wav", ""), ("cat/c.wav", "")]);
    let odd = |bytes: &[u8]| tree.root().join(std::ffi::OsStr::from_bytes(bytes));
    std::fs::copy(tree.path("dog/a.wav"), odd(b"dog/caf\xe9.wav")).unwrap();
    std::fs::write(odd(b"dog/caf\xe9.txt"), "x").unwrap();
    std::fs::create_dir(odd(b"\xfc")).unwrap();
    std::fs::copy(tree.path("dog/a.wav"), odd(b"\xfc/d.wav")).unwrap();
    let set = tree.load().unwrap();
    let expected = [
        row("cat/b.wav", &["cat"], "train"),
        row("cat/c.wav", &["cat"], "train"),
        row("dog/a.wav", &["dog"], "train"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(set.classes.names(), ["cat", "dog"]);
    let skipped: Vec<_> = set
        .skipped
        .iter()
        .map(|s| format!("{} {}", s.file, s.reason))
        .collect();
    let why = "has a name that is not UTF-8 and cannot be written to tables; rename it";
    let expected = [
        "dog/caf\u{fffd}.txt is not an audio file".to_owned(),
        format!("dog/caf\u{fffd}.wav {why}"),
        format!("\u{fffd}/d.wav {why}"),
    ];
    assert_eq!(skipped, expected);
    let report = earmark_data::check::check(&set, &Default::default(), &|_, _| {});
    let text = report.to_text();
    let expected = "warning: 2 files are not used: a name that is not UTF-8 cannot be in a table\n    dog/caf\u{fffd}.wav\n    \u{fffd}/d.wav\n";
    assert!(text.contains(expected), "{text}");
}
