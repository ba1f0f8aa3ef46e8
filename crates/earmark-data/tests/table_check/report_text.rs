//! The report as people read it.

use super::run;
use super::table_support::Tree;
use earmark_data::check::FindingKind;

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
         error: 1 file is listed in the tables but missing\n    d.wav (line 5)\n  \
         remedy: put them there or remove their rows\n\
         warning: the same sound 2 times\n    a.wav (train, line 2)\n    b.wav (train, line 3)\n\
         \x20 remedy: keep one of them; `earmark data check --write FIXED.csv` makes such a table\n\
         warning: 1 class has fewer than 2 training clips, too few for one in each fold: \"y\" (1)\n\
         \x20 remedy: add recordings or use fewer folds\n1 error, 2 warnings\n"
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
    let leaks = "error: the same sound in different folds (7 times)\n    \
                 a0.wav (train, line 2), b0.wav (train, line 3)\n";
    assert!(text.contains(leaks), "{text}");
    let labels = "warning: the same sound with different labels (7 times)\n    \
                  a0.wav (train, line 2), b0.wav (train, line 3): \"cat\" and \"dog\"\n";
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

/// Names come from strangers: none breaks its line or reaches a terminal as an escape sequence.
#[cfg(unix)]
#[test]
fn names_stay_on_their_line() {
    let tree = Tree::new(&[
        ("dog/a\nerror: all is lost\u{1b}[2J.wav", "not audio"),
        ("dog/b.wav", ""),
        ("cat/c\nerror: all is lost.wav", ""),
    ]);
    std::fs::copy(
        tree.path("cat/c\nerror: all is lost.wav"),
        tree.path("cat/d\nerror: all is lost.wav"),
    )
    .unwrap();
    let report = run(&tree);
    let text = report.to_text();
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(
        !text.lines().any(|line| line.starts_with("error: all is lost")),
        "{text}"
    );
    assert!(
        text.contains("dog/a\\nerror: all is lost\\u{1b}[2J.wav"),
        "{text}"
    );
    assert!(text.contains("cat/d\\nerror: all is lost.wav"), "{text}");
}
