//! Every fault that the check knows, and sound data.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::table_support::{Tree, shared, tone, write_wav};
use super::{run, summary};
use earmark_data::check::{CheckOptions, FindingKind, Severity, check};
use earmark_data::{DataOptions, LayoutKind, MissingFiles, load};

/// A data set with every fault that the check knows.
fn faulty() -> Tree {
    let table = "file,labels,split,fold,group\n\
        a1.wav,dog,train,1,\na2.wav,dog,train,1,\nb1.wav,cat,train,1,\nb2.wav,cat,train,2,g\nc1.wav,emu,train,2,g\n\
        t1.wav,dog,test,,\nbroken.wav,cat,train,1,\nempty.wav,cat,train,1,\nquiet.wav,cat,train,1,\n\
        loud.wav,cat,train,1,\n\
        rate.wav,cat,train,1,\nstereo.wav,\"cat,dog\",train,2,h\nlater.wav,cat,test,,h\ngone.wav,cat,train,1,\n\
        none.wav,,train,1,\n";
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

/// A subset for evaluation is one in any letter case, and a column that looks like groups is said.
#[test]
fn letter_cases_of_subsets_and_columns_of_groups() {
    let tree = Tree::new(&[(
        "t.csv",
        "file,label,split,recordist\na.wav,x,Train,ann\nb.wav,x,Train,ann\nc.wav,y,Train,bob\nd.wav,y,Test Set,bob\n",
    )]);
    for name in ["a.wav", "b.wav", "c.wav"] {
        tree.add(name, "");
    }
    std::fs::copy(tree.path("c.wav"), tree.path("d.wav")).unwrap();
    let report = run(&tree);
    let of = |kind: FindingKind| report.findings.iter().find(|f| f.kind == kind);
    let leak = of(FindingKind::Leakage).unwrap();
    assert_eq!(
        leak.message,
        "the same sound 2 times, in training and evaluation subsets"
    );
    let groups = of(FindingKind::LikelyGroups).unwrap();
    assert_eq!(
        groups.message,
        "the column \"recordist\" looks like groups of what was recorded together: 2 groups of 4 recordings"
    );
    assert!(
        groups.remedy.contains("--group-column") && groups.severity == Severity::Warning,
        "{groups:?}"
    );
}
