//! Tables and folders of one's own, and how layouts are recognised.

use super::table_support::Tree;
use super::{row, summary};
use earmark_data::layout::recognise;
use earmark_data::{DataOptions, LayoutKind, MissingFiles, load};

#[test]
fn csv_with_own_columns() {
    let tree = Tree::new(&[
        (
            "lists/my.csv",
            "clip,tags,k,who,use\r\n../snd/1.wav,rain|wind,0,ann,dev\r\n\r\n../snd/2.wav,,1,bob,dev\r\n\
             ../snd/3.wav,wind,,ann,final\r\n",
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
    let tree = Tree::new(&[("clips.tsv", "path\tlabels\na.wav\tx,y\n"), ("a.wav", "")]);
    assert_eq!(tree.load().unwrap().classes.names(), ["x", "y"]);
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
    // An ESC table next to class folders, and a table with the name but not the columns of ESC.
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
    let expected = "warning: 2 files are not used: a name that is not UTF-8 cannot be in a table\n    \
                    dog/caf\u{fffd}.wav\n    \u{fffd}/d.wav\n";
    assert!(text.contains(expected), "{text}");
}

/// Links to a recording of the folder, to a folder of it and twice to one outside: each recording is read once, under
/// its own name or else the first link, and the others are named.
#[cfg(unix)]
#[test]
fn a_recording_is_read_once_whatever_links_lead_to_it() {
    use std::os::unix::fs::symlink;

    let outside = Tree::new(&[("x.wav", "")]);
    let tree = Tree::new(&[("dog/m.wav", ""), ("cat/b.wav", ""), ("cat/c.wav", "")]);
    for (target, link) in [
        ("m.wav", "dog/again.wav"),
        ("../dog/m.wav", "cat/a.wav"),
        ("../dog", "cat/all"),
    ] {
        symlink(target, tree.path(link)).unwrap();
    }
    for link in ["dog/x1.wav", "dog/x2.wav"] {
        symlink(outside.path("x.wav"), tree.path(link)).unwrap();
    }
    let set = tree.load().unwrap();
    let expected = [
        row("cat/b.wav", &["cat"], "train"),
        row("cat/c.wav", &["cat"], "train"),
        row("dog/m.wav", &["dog"], "train"),
        row("dog/x1.wav", &["dog"], "train"),
    ];
    assert_eq!(summary(&set), expected);
    let skipped = set.skipped.iter().map(|s| format!("{} {}", s.file, s.reason));
    let wanted = [
        "cat/a.wav",
        "cat/all/again.wav",
        "cat/all/m.wav",
        "cat/all/x1.wav",
        "cat/all/x2.wav",
        "dog/again.wav",
        "dog/x2.wav",
    ];
    let wanted = wanted.map(|name| format!("{name} is a link to a recording that is there already"));
    assert_eq!(skipped.collect::<Vec<_>>(), wanted);
    let note =
        "7 links left out, to recordings that are there already: cat/a.wav (dog/m.wav, in another class), ";
    assert!(
        set.lines()
            .iter()
            .any(|line| line.starts_with(note) && line.ends_with(" and 4 more")),
        "{:?}",
        set.lines()
    );
}
