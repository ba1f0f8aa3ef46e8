//! What the check finds, and that it finds nothing in good data.

mod table_support;

use std::sync::atomic::{AtomicUsize, Ordering};

use earmark_data::check::{CheckOptions, CheckReport, FindingKind, Severity, check, fixed_table};
use earmark_data::{DataOptions, LayoutKind, MissingFiles, load};
use table_support::{Tree, shared, tone, write_wav};

/// Loads a tree, missing files skipped, and checks it for two folds.
fn run(tree: &Tree) -> CheckReport {
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    check(
        &set,
        &CheckOptions {
            folds: 2,
            ..CheckOptions::default()
        },
        &|_, _| (),
    )
}

/// `(severity, kind, files)` of each finding.
fn summary(report: &CheckReport) -> Vec<(Severity, FindingKind, Vec<&str>)> {
    report
        .findings
        .iter()
        .map(|f| {
            (
                f.severity,
                f.kind,
                f.places.iter().map(|p| p.file.as_str()).collect(),
            )
        })
        .collect()
}

/// A data set with every fault that the check knows.
fn faulty() -> Tree {
    let table = "file,labels,split,fold,group\n\
        a1.wav,dog,train,1,\na2.wav,dog,train,1,\nb1.wav,cat,train,1,\nb2.wav,cat,train,2,g\nc1.wav,emu,train,2,g\n\
        t1.wav,dog,test,,\nbroken.wav,cat,train,1,\nempty.wav,cat,train,1,\nquiet.wav,cat,train,1,\nloud.wav,cat,train,1,\n\
        rate.wav,cat,train,1,\nstereo.wav,\"cat,dog\",train,2,h\nlater.wav,cat,test,,h\ngone.wav,cat,train,1,\nnone.wav,,train,1,\n";
    let names = ["a1.wav", "b1.wav", "b2.wav", "later.wav", "none.wav"];
    let tree = Tree::new(&[("t.csv", table), ("map.txt", "0,cat\n1,dog\n2,emu\n3,gnu\n")]);
    names.iter().for_each(|n| {
        tree.add(n, "");
    });
    let copy = |from: &str, to: &str| std::fs::copy(tree.path(from), tree.path(to)).unwrap();
    copy("a1.wav", "a2.wav"); // a duplicate in one subset and fold
    copy("a1.wav", "t1.wav"); // ... which is also in the test subset
    copy("b1.wav", "c1.wav"); // across folds, with another label
    tree.add("broken.wav", "RIFF this is not audio");
    write_wav(&tree.path("empty.wav"), 8000, 1, &[]);
    write_wav(&tree.path("quiet.wav"), 8000, 1, &[5; 400]); // a constant offset is silence
    let clipped: Vec<i16> = tone(3, 400).iter().map(|&s| s.saturating_mul(4)).collect();
    write_wav(&tree.path("loud.wav"), 8000, 1, &clipped);
    write_wav(&tree.path("rate.wav"), 16_000, 1, &tone(4, 400));
    let stereo: Vec<i16> = tone(5, 400).iter().flat_map(|&s| [s, s / 2]).collect();
    write_wav(&tree.path("stereo.wav"), 8000, 2, &stereo);
    tree
}

#[test]
fn a_set_full_of_faults() {
    let load_options = DataOptions {
        layout: Some(LayoutKind::Csv),
        table: Some("t.csv".into()),
        class_map: Some("map.txt".into()),
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    let tree = faulty();
    let set = tree.load_with(&load_options).unwrap();
    let calls = AtomicUsize::new(0);
    let options = CheckOptions {
        folds: 2,
        imbalance: 3.0,
        ..CheckOptions::default()
    };
    let report = check(&set, &options, &|done, all| {
        assert!((1..=all).contains(&done) && all == 14);
        calls.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(calls.into_inner(), 14);
    assert_eq!((report.files, report.readable), (14, 13));
    use FindingKind::*;
    use Severity::*;
    let expected = [
        (Error, Missing, vec!["gone.wav"]),
        (Error, Unreadable, vec!["broken.wav"]),
        (Error, Leakage, vec!["b1.wav", "c1.wav"]),
        (Error, Leakage, vec!["t1.wav", "a1.wav", "a2.wav"]), // subset test sorts before train
        (Error, GroupLeakage, vec!["later.wav", "stereo.wav"]),
        (Warning, ConflictingLabels, vec!["b1.wav", "c1.wav"]),
        (Warning, Empty, vec!["empty.wav"]),
        (Warning, Silent, vec!["quiet.wav"]),
        (Warning, Clipped, vec!["loud.wav"]),
        (Warning, OddRate, vec!["rate.wav"]),
        (Warning, OddChannels, vec!["stereo.wav"]),
        (Warning, Unlabelled, vec!["none.wav"]),
        (Warning, UnusedClass, vec![]),
        (Warning, SmallClass, vec![]),
        (Warning, Imbalance, vec![]),
    ];
    assert_eq!(summary(&report), expected);
    assert_eq!((report.errors(), report.warnings()), (5, 10));
    assert_eq!(
        report.findings[2].message,
        "the same sound 2 times, in different folds"
    );
    assert_eq!(
        report.findings[5].message,
        "the same sound with different labels: \"cat\" and \"emu\""
    );
    assert_eq!(
        report.findings[13].message,
        "1 class has fewer than 2 training clips, too few for one in each fold: \"emu\" (1)"
    );
    let cat = &report.classes[0];
    assert_eq!(
        (
            cat.name.as_str(),
            cat.by_subset["train"],
            cat.by_subset["test"],
            cat.training
        ),
        ("cat", 8, 1, 8)
    );
    assert_eq!(
        (&report.sample_rates_hz[..], &report.channels[..]),
        (&[(8000, 12), (16_000, 1)][..], &[(1, 12), (2, 1)][..])
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["findings"][0]["kind"], "missing");
}

#[test]
fn good_data_has_no_findings_and_text_reads_well() {
    let tree = Tree::new(&[("t.csv", "file,label\na.wav,x\nb.wav,x\nc.wav,y\nd.wav,y\n")]);
    ["a.wav", "b.wav", "c.wav", "d.wav"].iter().for_each(|n| {
        tree.add(n, "");
    });
    let report = run(&tree);
    assert_eq!(
        report.to_text(),
        "4 recordings, 4 readable, 0.00 hours, 2 classes\ntraining clips per class: 2 to 2 (ratio 1.0)\n\
         sample rates: 8000 Hz (4); 1 channel (4)\nno problems found\n"
    );
    std::fs::copy(tree.path("a.wav"), tree.path("b.wav")).unwrap();
    std::fs::remove_file(tree.path("d.wav")).unwrap();
    assert_eq!(
        run(&tree).to_text(),
        "3 recordings, 3 readable, 0.00 hours, 2 classes\ntraining clips per class: 1 to 2 (ratio 2.0)\n\
         sample rates: 8000 Hz (3); 1 channel (3)\n\
         error: 1 file is listed in the tables but missing\n    d.wav (line 5)\n  remedy: put them there or remove their rows\n\
         warning: the same sound 2 times\n    a.wav (train, line 2)\n    b.wav (train, line 3)\n\
         \x20 remedy: keep one of them; `earmark data check --write FIXED.csv` makes such a table\n\
         warning: 1 class has fewer than 2 training clips, too few for one in each fold: \"y\" (1)\n\
         \x20 remedy: add recordings or use fewer folds\n1 error, 2 warnings\n"
    );
}

#[test]
fn reports_do_not_depend_on_threads() {
    let tree = Tree::new(&[]);
    for i in 0..24 {
        tree.add(&format!("{}/{i}.wav", ["dog", "cat"][i % 2]), "");
    }
    std::fs::copy(tree.path("dog/0.wav"), tree.path("cat/1.wav")).unwrap();
    let set = tree.load().unwrap();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| check(&set, &CheckOptions::default(), &|_, _| ()))
    };
    assert_eq!(with(1), with(4));
    assert_eq!(with(1).findings.len(), 2);
}

/// ESC-10 as published: decodes throughout, in balance, no group crosses folds.
#[test]
fn esc10_is_sound() {
    let Some(root) = shared("data/esc10") else { return };
    let report = check(
        &load(&root, &DataOptions::default()).unwrap(),
        &CheckOptions::default(),
        &|_, _| (),
    );
    assert_eq!(
        (report.files, report.readable, report.errors()),
        (400, 400, 0),
        "{}",
        report.to_text()
    );
    // 88,353,280 samples in all, as libsndfile (xtask/golden/data_lengths.py) counts them too.
    let hours = 88_353_280.0 / 44_100.0 / 3600.0;
    assert!((report.hours - hours).abs() < 1e-9, "{} {hours}", report.hours);
    assert_eq!(
        (report.imbalance, report.sample_rates_hz),
        (Some(1.0), vec![(44_100, 400)])
    );
}

/// What has one cause is shown once, with five examples; the findings stay apart for programs.
#[test]
fn findings_of_one_cause_are_shown_together() {
    let mut table = String::from("file,label,fold\n");
    let tree = Tree::new(&[]);
    for i in 0..7 {
        tree.add(&format!("a{i}.wav"), "");
        std::fs::copy(tree.path(&format!("a{i}.wav")), tree.path(&format!("b{i}.wav"))).unwrap();
        tree.add(&format!("broken{i}.wav"), &"not audio ".repeat(i + 1));
        table += &format!("a{i}.wav,dog,1\nb{i}.wav,cat,2\nbroken{i}.wav,dog,1\n");
    }
    tree.add("t.csv", &table);
    let report = run(&tree);
    let text = report.to_text();
    let broken = report
        .findings
        .iter()
        .find(|f| f.kind == FindingKind::Unreadable)
        .unwrap();
    assert_eq!(broken.places.len(), 7, "{text}");
    assert!(
        text.contains("error: 7 recordings cannot be read, such as "),
        "{text}"
    );
    let leaks = "error: the same sound in different folds (7 times)\n    a0.wav (train, line 2), b0.wav (train, line 3)\n";
    assert!(text.contains(leaks), "{text}");
    let labels = "warning: the same sound with different labels (7 times)\n    a0.wav (train, line 2), b0.wav (train, line 3): \"cat\" and \"dog\"\n";
    assert!(text.contains(labels), "{text}");
    assert_eq!(text.matches("    and 2 more\n").count(), 3, "{text}");
    assert_eq!(
        report
            .findings
            .iter()
            .filter(|f| f.kind == FindingKind::Leakage)
            .count(),
        7
    );
}

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
         twice-b.wav,cat,train,1,\nleak-t.wav,cat,test,,\nsite-b.wav,cat,test,,h\njoin-a.wav,cat,train,1,j\njoin-c.wav,cat,train,1,j\n"
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

/// Copies that are cut or louder are found, made a group, and so no fold is tested on what another one was trained on.
#[test]
fn nearly_the_same_sound() {
    let noise = |seed: u64| -> Vec<i16> {
        let mut rng = earmark_core::random::stream(seed, &[3]);
        (0..24_000)
            .map(|_| earmark_core::random::uniform(&mut rng, -12_000.0, 12_000.0) as i16)
            .collect()
    };
    let table =
        "file,label,fold\na.wav,dog,1\nb.wav,cat,1\ncut.wav,dog,2\nquiet.wav,dog,1\nother.wav,cat,2\n";
    let tree = Tree::new(&[("t.csv", table)]);
    let quiet: Vec<i16> = noise(1).iter().map(|x| x / 3).collect();
    for (name, samples) in [
        ("a.wav", &noise(1)[..]),
        ("b.wav", &noise(2)[..]),
        ("cut.wav", &noise(1)[3000..]),
        ("quiet.wav", &quiet[..]),
        ("other.wav", &noise(3)[..]),
    ] {
        write_wav(&tree.path(name), 8000, 1, samples);
    }
    let set = tree.load().unwrap();
    let options = CheckOptions {
        folds: 1,
        ..CheckOptions::default()
    };
    let report = check(&set, &options, &|_, _| ());
    assert_eq!(
        summary(&report),
        [(
            Severity::Warning,
            FindingKind::NearDuplicate,
            vec!["a.wav", "cut.wav", "quiet.wav"]
        )]
    );
    assert_eq!(
        report.findings[0].message,
        "nearly the same sound in different folds: cut, louder, resampled or compressed again"
    );
    let fixed = fixed_table(&set, &report, &options);
    let mut bytes = Vec::new();
    fixed.write(&set, tree.root(), &mut bytes).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "file,label,fold,group\na.wav,dog,1,a.wav\nb.wav,cat,1,\ncut.wav,dog,1,a.wav\nquiet.wav,dog,1,a.wav\nother.wav,cat,2,\n"
    );
    let cut = fixed.changes.iter().find(|c| c.place.file == "cut.wav").unwrap();
    assert_eq!(
        cut.change,
        "in the group \"a.wav\", as it sounds nearly the same as \"a.wav\"; moved from fold 2 to fold 1, with its group \"a.wav\""
    );
    // What is one group already is not worth a word.
    let grouped = table
        .replace("fold\n", "fold,group\n")
        .replace(",1\n", ",1,g\n")
        .replace(",2\n", ",2,g\n");
    tree.add("t.csv", &grouped);
    let report = check(&tree.load().unwrap(), &options, &|_, _| ());
    assert!(
        report
            .findings
            .iter()
            .all(|f| f.kind != FindingKind::NearDuplicate)
    );
}
