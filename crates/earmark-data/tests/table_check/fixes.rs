//! The table that the check writes, without what it found.

use super::table_support::{Tree, tone, write_wav};
use earmark_data::check::{CheckOptions, FindingKind, FixedTable, check, fixed_table};
use earmark_data::{DataOptions, DataSet, LayoutKind};

/// Clips with every fault that `fixed_table` has a rule for.
fn faulty_clips() -> Tree {
    let table = "file,label,split,fold,group\n\
        keep1.wav,dog,train,1,g\nkeep2.wav,dog,train,1,g\nmove.wav,dog,train,2,g\n\
        twice.wav,cat,train,2,\ntwice-b.wav,cat,train,1,\n\
        leak.wav,cat,train,1,\nleak-t.wav,cat,test,,\n\
        say.wav,dog,train,1,\nsay-b.wav,cat,train,1,\n\
        site-a.wav,cat,train,1,h\nsite-b.wav,cat,test,,h\n\
        join-a.wav,cat,train,1,j\njoin-b.wav,cat,train,1,k\njoin-c.wav,cat,train,2,k\n\
        broken.wav,dog,train,1,\n";
    let tree = Tree::new(&[("t.csv", table)]);
    for name in [
        "keep1", "keep2", "move", "twice", "leak", "say", "site-a", "site-b", "join-a", "join-c",
    ] {
        tree.add(&format!("{name}.wav"), "");
    }
    for (from, to) in [
        ("twice", "twice-b"),
        ("leak", "leak-t"),
        ("say", "say-b"),
        ("join-a", "join-b"),
    ] {
        std::fs::copy(tree.path(&format!("{from}.wav")), tree.path(&format!("{to}.wav"))).unwrap();
    }
    tree.add("broken.wav", "not audio");
    tree
}

/// The table without what the check found, by the rules of `fixed_table`; the same check finds no error in it.
#[test]
fn a_fixed_table() {
    let tree = faulty_clips();
    let set = tree.load().unwrap();
    let options = CheckOptions {
        folds: 1,
        ..CheckOptions::default()
    };
    let report = check(&set, &options, &|_, _| ());
    let fixed = fixed_table(&set, &report, &options);
    let changes: Vec<(&str, bool, &str)> = fixed
        .changes
        .iter()
        .map(|c| (c.place.file.as_str(), c.removed, c.change.as_str()))
        .collect();
    let conflict =
        "removed: the same sound with different labels: \"cat\" and \"dog\"; correct the labels of one";
    let expected = [
        (
            "move.wav",
            false,
            "moved from fold 2 to fold 1, with its group \"g\"",
        ),
        ("twice.wav", true, "removed: the same sound as \"twice-b.wav\""),
        ("leak.wav", true, "removed: the same sound as \"leak-t.wav\""),
        ("say.wav", true, conflict),
        ("say-b.wav", true, conflict),
        (
            "site-a.wav",
            true,
            "removed: its group \"h\" is in the subset \"test\" too",
        ),
        ("join-b.wav", true, "removed: the same sound as \"join-a.wav\""),
        (
            "join-c.wav",
            false,
            "now in the group \"j\"; moved from fold 2 to fold 1, with its group \"j\"",
        ),
        ("broken.wav", true, "removed: it cannot be read"),
    ];
    assert_eq!(changes, expected);
    let mut bytes = Vec::new();
    fixed.write(&set, tree.root(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text,
        "file,label,subset,fold,group\nkeep1.wav,dog,train,1,g\nkeep2.wav,dog,train,1,g\nmove.wav,dog,train,1,g\n\
         twice-b.wav,cat,train,1,\nleak-t.wav,cat,test,,\nsite-b.wav,cat,test,,h\njoin-a.wav,cat,train,1,j\n\
         join-c.wav,cat,train,1,j\n"
    );
    // In another folder the files are named by where they are.
    let mut elsewhere = Vec::new();
    fixed.write(&set, &tree.path("lists"), &mut elsewhere).unwrap();
    let elsewhere = String::from_utf8(elsewhere).unwrap();
    let absolute = tree.path("keep1.wav").display().to_string();
    assert!(
        elsewhere.contains(&format!("\n{absolute},dog,train,1,g\n")),
        "{elsewhere}"
    );
    tree.add("fixed.csv", &text);
    let again = DataOptions {
        table: Some("fixed.csv".into()),
        ..DataOptions::default()
    };
    let again = check(&tree.load_with(&again).unwrap(), &options, &|_, _| ());
    assert_eq!(again.errors(), 0, "{}", again.to_text());
    assert!(
        again.findings.iter().all(|f| f.kind != FindingKind::Duplicate),
        "{}",
        again.to_text()
    );
}

/// Of labels with times, all events of the recordings that are left, with their frequencies.
#[test]
fn a_fixed_table_of_events() {
    let raven =
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n";
    let events = format!(
        "{raven}1\tSpectrogram 1\t1\t0.5\t1.234567\t300.5\t2000\tdog\n2\tSpectrogram 1\t1\t2\t4\t\t\tcat\n"
    );
    let tree = Tree::new(&[("a.txt", events.as_str()), ("b.txt", raven), ("c.txt", raven)]);
    for name in ["a.wav", "b.wav", "c.wav"] {
        write_wav(&tree.path(name), 8000, 1, &tone(1, 4 * 8000));
    }
    let mut options = DataOptions::default();
    options.events.window_seconds = Some(1.0);
    let set = tree.load_with(&options).unwrap();
    let mut fixed = FixedTable {
        items: set.recordings().items,
        changes: Vec::new(),
    };
    fixed.items.pop();
    let mut bytes = Vec::new();
    fixed.write(&set, tree.root(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text,
        "file,start_seconds,end_seconds,label,low_hz,high_hz\na.wav,0.5,1.234567,dog,300.5,2000\n\
         a.wav,2,4,cat,,\nb.wav,,,,,\n"
    );
    tree.add("fixed.csv", &text);
    options.layout = Some(LayoutKind::Events);
    options.table = Some("fixed.csv".into());
    let again = tree.load_with(&options).unwrap();
    assert_eq!(again.events["a.wav"][0].band_hz, Some([300.5, 2000.0]));
    let names = |set: &DataSet| -> Vec<(String, Vec<usize>)> {
        let items = set.items.iter().filter(|item| item.recording() != "c.wav");
        items
            .map(|item| (item.file.clone(), item.labels.clone()))
            .collect()
    };
    assert_eq!(names(&again), names(&set));
}

/// Labels with commas come back, one or several per clip.
#[test]
fn a_fixed_table_keeps_labels() {
    for (header, cell) in [
        ("label", "\"Dog, bark\""),
        ("labels", "\"\"\"Dog, bark\"\",wind\""),
    ] {
        let tree = Tree::new(&[
            (
                "t.csv",
                format!("file,{header}\na.wav,{cell}\nb.wav,cat\n").as_str(),
            ),
            ("a.wav", ""),
            ("b.wav", ""),
        ]);
        let set = tree.load().unwrap();
        let report = check(&set, &CheckOptions::default(), &|_, _| ());
        let fixed = fixed_table(&set, &report, &CheckOptions::default());
        assert!(fixed.changes.is_empty());
        let mut bytes = Vec::new();
        fixed.write(&set, tree.root(), &mut bytes).unwrap();
        tree.add("t.csv", &String::from_utf8(bytes).unwrap());
        let again = tree.load().unwrap();
        assert_eq!((again.items, again.classes), (set.items, set.classes), "{header}");
    }
}
