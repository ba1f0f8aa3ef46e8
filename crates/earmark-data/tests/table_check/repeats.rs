//! Sounds that are there twice, or nearly so.

use std::sync::atomic::AtomicBool;

use super::summary;
use super::table_support::{Tree, write_wav};
use earmark_data::check::{CheckOptions, FindingKind, Severity, check, fixed_table, repeated_sounds};

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
        "file,label,fold,group\na.wav,dog,1,a.wav\nb.wav,cat,1,\ncut.wav,dog,1,a.wav\nquiet.wav,dog,1,a.wav\n\
         other.wav,cat,2,\n"
    );
    let cut = fixed.changes.iter().find(|c| c.place.file == "cut.wav").unwrap();
    assert_eq!(
        cut.change,
        "in the group \"a.wav\", as it sounds nearly the same as \"a.wav\"; moved from fold 2 to fold 1, with its \
         group \"a.wav\""
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

/// What `earmark extract` has cut out of one recording with the same second in it is not called a copy.
#[test]
fn cut_outs_that_overlap() {
    let mut rng = earmark_core::random::stream(1, &[4]);
    let noise: Vec<i16> = (0..24_000)
        .map(|_| earmark_core::random::uniform(&mut rng, -12_000.0, 12_000.0) as i16)
        .collect();
    let table = "file,class,score,recording,detected_from_seconds,detected_to_seconds,cut_from_seconds,cut_to_seconds\n\
                 dog/a_0.500.wav,dog,0.9,in/a.wav,0.500,1.500,0.000,2.000\n\
                 dog/a_1.500.wav,dog,0.8,in/a.wav,1.500,2.500,1.000,3.000\n\
                 owl/a_1.500.wav,owl,0.7,in/a.wav,1.500,2.500,1.000,3.000\n\
                 owl/b_1.500.wav,owl,0.6,in/b.wav,1.500,2.500,1.000,3.000\n";
    let tree = Tree::new(&[("extracts.csv", table), ("owl/b_1.500.wav", "")]);
    std::fs::create_dir_all(tree.path("dog")).unwrap();
    for (name, samples) in [
        ("dog/a_0.500.wav", &noise[..16_000]),
        ("dog/a_1.500.wav", &noise[8000..]),
        ("owl/a_1.500.wav", &noise[8000..]),
    ] {
        write_wav(&tree.path(name), 8000, 1, samples);
    }
    let options = CheckOptions {
        folds: 1,
        ..CheckOptions::default()
    };
    let report = check(&tree.load().unwrap(), &options, &|_, _| ());
    let repeats = |kind| {
        let found = report.findings.iter().filter(move |f| f.kind == kind);
        found
            .map(|f| (f.message.as_str(), f.places.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        repeats(FindingKind::NearDuplicate),
        [("cut-outs of one recording that overlap", 3)]
    );
    assert_eq!(
        repeats(FindingKind::Duplicate),
        [("the same part of a recording, cut out 2 times", 2)]
    );
    let overlap = report
        .findings
        .iter()
        .find(|f| f.kind == FindingKind::NearDuplicate);
    assert!(overlap.unwrap().remedy.contains("--group-column recording"));
    // Without the table they are what they sound like.
    std::fs::remove_file(tree.path("extracts.csv")).unwrap();
    let report = check(&tree.load().unwrap(), &options, &|_, _| ());
    let text = report.to_text();
    assert!(
        text.contains("the same sound 2 times") && !text.contains("overlap"),
        "{text}"
    );
}

/// What makes folds keep recordings together, without the rest of a check.
#[test]
fn repeated_sounds_are_found() {
    let tree = Tree::new(&[]);
    for name in ["dog/a", "dog/b", "cat/c", "cat/d"] {
        tree.add(&format!("{name}.wav"), "");
    }
    std::fs::copy(tree.path("dog/a.wav"), tree.path("cat/copy.wav")).unwrap();
    write_wav(&tree.path("cat/quiet.wav"), 8000, 1, &[0; 400]);
    write_wav(&tree.path("dog/quiet.wav"), 8000, 1, &[0; 400]);
    write_wav(&tree.path("dog/header.wav"), 8000, 1, &[]);
    tree.add("dog/broken.wav", "not audio");
    let items = tree.load().unwrap().items;
    let at = |file: &str| items.iter().position(|item| item.file == file).unwrap();
    let found = repeated_sounds(
        &items,
        &CheckOptions::default(),
        &|_, _| (),
        &AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!(found.same, [[at("cat/copy.wav"), at("dog/a.wav")]]);
    assert!(found.similar.is_empty());
    let [(broken, reason)] = &found.unreadable[..] else {
        panic!("{found:?}");
    };
    assert_eq!(*broken, at("dog/broken.wav"));
    assert!(reason.starts_with("is text, not audio"), "{reason}");
    assert_eq!(found.silent, [at("cat/quiet.wav"), at("dog/quiet.wav")]);
    assert_eq!(found.empty, [at("dog/header.wav")]);
    let stopped = repeated_sounds(
        &items,
        &CheckOptions::default(),
        &|_, _| (),
        &AtomicBool::new(true),
    );
    assert_eq!(stopped, None);
}
