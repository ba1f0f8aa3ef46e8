//! The shape of a report in JSON and text, and what the metrics refuse.

use earmark_metrics::{
    Aligned, Lwlrap, Report, ReportOptions, ScoreTable, Submission, SubmissionReport, TruthTable,
    UnknownLabels,
};

fn scores(text: &str) -> ScoreTable {
    ScoreTable::parse(text.as_bytes(), "scores.csv").expect("scores")
}

fn truth(text: &str) -> TruthTable {
    TruthTable::parse(text.as_bytes(), "truth.csv").expect("truth")
}

#[test]
fn lwlrap_refuses_what_it_cannot_rank() {
    let mut lwlrap = Lwlrap::new(2);
    assert!(lwlrap.add(&[0.1], &[true, false]).is_err());
    assert!(
        lwlrap
            .add(&[0.1, f32::NAN], &[true, false])
            .expect_err("NaN")
            .to_string()
            .contains("clip 0 for class 1")
    );
    assert_eq!(lwlrap, Lwlrap::new(2), "a refused clip leaves no trace");
    assert!(lwlrap.merge(&Lwlrap::new(3)).is_err());
    assert_eq!(lwlrap.overall(), None);
}

#[test]
fn report_has_the_published_shape() {
    let scores = scores(
        "fname,Bark,Meow,Purr\na.wav,0.9,0.5,0.1\nb.wav,0.6,0.4,0.1\nc.wav,0.1,0.1,0.1\nd.wav,0,0,0\n",
    );
    let truth = truth("fname,labels\na.wav,Bark\nb.wav,Meow\nc.wav,\n");
    let options = ReportOptions {
        bootstrap: Some(Default::default()),
        ..Default::default()
    };
    let report = Report::compute(&scores, &truth, &options).expect("a report");
    let json = serde_json::to_string(&report).expect("JSON");
    let keys = [
        "\"lwlrap\":0.75",
        "\"map@3\":0.75",
        "\"mAP\":",
        "\"mAP_micro\":",
        "\"auc\":",
        "\"d_prime\":",
        "\"accuracy\":0.5",
        "\"balanced_accuracy\":0.5",
        "\"threshold\":0.5",
        "\"f1_micro\":",
        "\"f1_macro\":",
        "\"precision\":",
        "\"recall\":",
        "\"intervals\":{\"confidence\":0.95,\"lwlrap\":{\"low\":",
        "\"clips\":3",
        "\"skipped\":1",
        "\"extra\":1",
        "\"ignored_labels\":0",
        "\"classes_without_clips\":1",
        "\"per_class\":{\"Bark\":{\"lwlrap\":1.0,\"ap\":1.0,\"auc\":1.0,",
        "\"Meow\":{\"lwlrap\":0.5,",
        "\"Purr\":{\"lwlrap\":null,\"ap\":null,\"auc\":null,",
    ];
    let mut from = 0;
    for key in keys {
        let at = json[from..]
            .find(key)
            .unwrap_or_else(|| panic!("{key} is missing, or out of order, in {json}"));
        from += at;
    }
    assert_eq!(
        report.lwlrap_lines(),
        "Lwlrap = 0.750000\nLwlrap(Bark) = 1.000000\nLwlrap(Meow) = 0.500000\nLwlrap(Purr) = undefined\n"
    );
    let table = report.table();
    // AUC is 1 for Bark and 0.5 for Meow: sqrt(2) x probit(0.75).
    assert!(table.contains("\nd'                   0.9539\n"), "{table}");
    assert!(table.contains(
        "clips                     3  (1 without a label; 1 scored but without truth, not evaluated;"
    ));
    assert!(
        table.contains("Purr       0        -        -        -        -        -        -         -"),
        "{table}"
    );
    assert!(table.lines().all(|line| line.len() < 160), "{table}");

    let none = ReportOptions {
        map_at: 0,
        ..Default::default()
    };
    assert!(
        Report::compute(&scores, &truth, &none)
            .expect_err("k of 0")
            .to_string()
            .starts_with("map-at = 0")
    );
    let unknown_key = serde_json::from_str::<ReportOptions>("{\"map_at\": 3}");
    assert!(
        unknown_key
            .expect_err("kebab-case")
            .to_string()
            .contains("map-at")
    );
}

#[test]
fn confusion_names_the_clip_with_several_labels() {
    let scores = scores("fname,Bark,Meow\na.wav,1,0\nb.wav,1,0\nc.wav,1,0\n");
    let single = truth("fname,labels\na.wav,Bark\nb.wav,Meow\nc.wav,\n");
    let aligned = Aligned::new(&scores, &single, UnknownLabels::Refuse).expect("all files");
    let matrix = aligned.confusion().expect("one label per clip");
    assert_eq!(matrix.counts(), [[1, 0], [1, 0]]);
    let counts = [0.0, 0.5, 2.0].map(|threshold| aligned.counts(threshold));
    let curve = aligned.micro_curve().expect("finite");
    assert_eq!([0.0, 0.5, 2.0].map(|threshold| curve.at(threshold)), counts);
    assert_eq!(counts.map(|c| c.true_positives + c.false_positives), [6, 3, 0]);
    assert_eq!(counts[1].recall(), Some(0.5));
    assert_eq!(counts[2].precision(), None);

    let several = truth("fname,labels\na.wav,Bark\nb.wav,\"Bark,Meow\"\n");
    let aligned = Aligned::new(&scores, &several, UnknownLabels::Refuse).expect("all files");
    assert!(
        aligned
            .confusion()
            .expect_err("two labels")
            .to_string()
            .contains("clip `b.wav` has 2 labels")
    );
}

#[test]
fn a_submission_has_map_and_accuracy() {
    let submission = Submission::parse(
        "fname,label\na.wav,Bark Meow Purr\nb.wav,Bark Meow Purr\nc.wav,Purr Mew\nd.wav,Moo\ne.wav,Moo\n"
            .as_bytes(),
        "s.csv",
    )
    .expect("a submission");
    let truth = truth("fname,label\nc.wav,Bark\na.wav,Bark\nb.wav,Meow\nd.wav,Moo\n");
    let report = SubmissionReport::compute(&submission, &truth, None).expect("a report");
    // Ranks 1, 2, none and 1: (1 + 1/2 + 0 + 1) / 4.
    assert_eq!(
        (report.map.k, report.map.value, report.accuracy),
        (3, Some(0.625), Some(0.5))
    );
    assert_eq!((report.clips, report.skipped, report.extra), (4, 0, 1));
    assert_eq!(report.unknown_labels, ["Mew", "Purr"], "no clip is one of these");
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["map@3"], 0.625);
    assert_eq!(
        json["per_class"]["Bark"],
        serde_json::json!({ "map@3": 0.5, "count": 2 })
    );
    let table = report.table();
    assert!(table.contains("MAP@3                0.6250\n"), "{table}");
    let lines: Vec<&str> = table.lines().skip(5).collect();
    assert_eq!(
        lines,
        [
            "Moo        1   1.0000",
            "Bark       2   0.5000",
            "Meow       1   0.5000"
        ]
    );

    // Only the first label counts.
    let first = SubmissionReport::compute(&submission, &truth, Some(1)).expect("a report");
    assert_eq!((first.map.k, first.map.value), (1, Some(0.5)));
    assert!(
        SubmissionReport::compute(&submission, &truth, Some(0))
            .expect_err("no k")
            .to_string()
            .contains("map-at")
    );
    let more = TruthTable::parse("fname,label\nf.wav,Bark\ng.wav,Bark\n".as_bytes(), "t.csv").expect("truth");
    assert!(
        SubmissionReport::compute(&submission, &more, None)
            .expect_err("no rows")
            .to_string()
            .starts_with("2 of 2 files of the truth have no scores: `f.wav`, `g.wav`")
    );
}

/// Names of classes come from strangers: none breaks its line or reaches a terminal as an escape sequence.
#[test]
fn a_class_is_on_one_line_whatever_its_name() {
    let classes = ["Bark\n# OPTIMISTIC\u{1b}[2J", "Meow"].map(String::from).to_vec();
    let files = ["a.wav", "b.wav"].map(String::from).to_vec();
    let scores = ScoreTable::new(files, classes, vec![0.9, 0.5, 0.6, 0.7]).expect("scores");
    let clips = Aligned::from_rows(scores, vec![true, false, false, true]).expect("clips");
    let report = Report::of(&clips, &ReportOptions::default()).expect("a report");
    for text in [report.table(), report.lwlrap_lines()] {
        assert!(text.contains("Bark\\n# OPTIMISTIC\\u{1b}[2J"), "{text}");
        assert!(text.lines().all(|line| !line.starts_with('#')), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    // The columns behind the name are in line with those of the others.
    let table = report.table();
    let ends = table
        .lines()
        .filter(|line| line.starts_with("Bark") || line.starts_with("Meow"));
    let ends: Vec<usize> = ends.map(str::len).collect();
    assert_eq!((ends.len(), ends[0]), (2, ends[1]), "{table}");
}
