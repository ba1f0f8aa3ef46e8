//! Reading, writing, aligning and blending tables: what works, and what the refusals say.

use earmark_metrics::{
    Aligned, BlendMean, PredictionTable, ScoreTable, Submission, TruthTable, UnknownLabels, blend,
};

fn scores(text: &str) -> ScoreTable {
    ScoreTable::parse(text.as_bytes(), "scores.csv").expect("scores")
}

fn truth(text: &str) -> TruthTable {
    TruthTable::parse(text.as_bytes(), "truth.csv").expect("truth")
}

fn score_error(text: &str) -> String {
    ScoreTable::parse(text.as_bytes(), "scores.csv")
        .expect_err("a refusal")
        .to_string()
}

fn truth_error(text: &str) -> String {
    TruthTable::parse(text.as_bytes(), "truth.csv")
        .expect_err("a refusal")
        .to_string()
}

fn blend_error(tables: &[ScoreTable], mean: BlendMean, weights: Option<&[f64]>) -> String {
    blend(tables, mean, weights).expect_err("a refusal").to_string()
}

/// Every label of a truth table as `file: label label`.
fn spelled(truth: &TruthTable) -> Vec<String> {
    (0..truth.files().len())
        .map(|row| {
            let labels = truth.labels(row).expect("a row").iter();
            let names: Vec<&str> = labels.map(|&label| truth.classes()[label].as_str()).collect();
            format!("{}: {}", truth.files()[row], names.join(" "))
        })
        .collect()
}

#[test]
fn scores_survive_a_round_trip_bit_for_bit() {
    let values = vec![0.1, 1.0e-30, -3.25, 0.333_333_34, f32::MAX, f32::MIN_POSITIVE];
    let files = vec!["a, b.wav".to_owned(), "Ünïcode \"x\".wav".to_owned()];
    let classes = vec!["Zipper_(clothing)".to_owned(), "one".to_owned(), "two".to_owned()];
    let table = ScoreTable::new(files, classes, values).expect("a table");
    let mut text = Vec::new();
    table.write(&mut text).expect("memory");
    assert_eq!(
        ScoreTable::parse(text.as_slice(), "memory").expect("our own table"),
        table
    );

    let path = std::env::temp_dir().join(format!("earmark-metrics-{}.csv", std::process::id()));
    table.save(&path).expect("a temporary file");
    let read = ScoreTable::read(&path).expect("our own file");
    std::fs::remove_file(&path).expect("our own file");
    assert_eq!(read, table);
}

#[test]
fn spreadsheets_bom_line_ends_and_blanks_are_read() {
    let table = scores("\u{feff}fname,Bark, Meow\r\na.wav, 0.5,1e-3\r\n");
    assert_eq!(table.classes(), ["Bark", "Meow"]);
    assert_eq!(table.values(), [0.5, 0.001]);
}

#[test]
fn bad_scores_are_refused_with_their_place() {
    let cell = score_error("fname,Bark,Meow\na.wav,0.5,0.1\nb.wav,0.5,high\n");
    assert_eq!(
        cell,
        "scores.csv, line 3, column 3 (`Meow`): `high` is not a number; a score table contains only numbers"
    );
    assert!(
        score_error("fname,Bark\na.wav,NaN\n")
            .contains("line 2, column 2 (`Bark`): `NaN` is not a finite number")
    );
    assert!(score_error("fname,Bark\na.wav,inf\n").contains("`inf` is not a finite number"));
    assert!(score_error("fname,Bark\na.wav,1e99\n").contains("`1e99` is not a finite number"));
    assert!(
        score_error("fname,Bark\na.wav,1\nb.wav,1\na.wav,1\n")
            .contains("line 4: file `a.wav` was already given in line 2")
    );
    assert!(score_error("fname,Bark\na.wav,1,2\n").contains("line 2: has 3 columns where the header has 2"));
    assert!(score_error("file,fname\na.wav,1\n").contains("column `fname` appears twice"));
    // Lines are counted as an editor does, whatever ends them and however many are blank.
    for text in [
        "fname,Bark\r\na.wav,1\r\nb.wav,x\r\n",
        "fname,Bark\n\nb.wav,x\n",
        "\u{feff}fname,Bark\r\n\r\nb.wav,x",
        "fname,Bark\n\"a\nb.wav\",x\n\n",
    ] {
        let line = if text.contains('"') { 2 } else { 3 };
        let error = score_error(text);
        assert!(error.contains(&format!("line {line}, column 2")), "{error}");
    }
    let error = ScoreTable::parse(&b"fname,Bark\r\na.wav,1\r\n\xff,2\r\n"[..], "s").expect_err("no UTF-8");
    assert!(
        error.to_string().contains("line 3: the text is not UTF-8"),
        "{error}"
    );
    assert!(score_error("fname,Bark,Bark\n").contains("line 1: column `Bark` appears twice (2 and 3)"));
    assert!(score_error("Bark,Meow\n0.1,0.2\n").contains("the first column is `Bark`"));
    assert!(score_error("").contains("must hold the file names"));
    assert!(score_error("fname\na.wav\n").contains("names no class"));
    assert!(
        ScoreTable::read("no/such/file.csv")
            .expect_err("no file")
            .to_string()
            .starts_with("cannot open `no/such/file.csv`")
    );
    let not_utf8 = ScoreTable::parse(b"fname,Bark\na\xff.wav,1\n".as_slice(), "s.csv").expect_err("no UTF-8");
    assert!(
        not_utf8.to_string().contains("save the table as UTF-8"),
        "{not_utf8}"
    );

    let values = ScoreTable::new(
        vec!["a.wav".into()],
        vec!["x".into(), "y".into()],
        vec![0.0, f32::NAN],
    );
    assert!(
        values
            .expect_err("NaN")
            .to_string()
            .starts_with("the score of file `a.wav` for class `y` is NaN")
    );
    let length = ScoreTable::new(
        vec!["a.wav".into(), "b.wav".into()],
        vec!["x".into(), "y".into()],
        vec![0.0; 5],
    );
    assert_eq!(
        length.expect_err("too many").to_string(),
        "scores of 2 files x 2 classes: expected 4 values, got 5"
    );
}

#[test]
fn every_form_of_truth_is_read() {
    let expected = ["a.wav: Bark Meow", "b.wav: Meow"];
    assert_eq!(
        spelled(&truth("fname,labels\na.wav,\"Meow,Bark\"\nb.wav,Meow\n")),
        expected
    );
    assert_eq!(
        spelled(&truth("fname,Bark,Meow\na.wav,1,1\nb.wav,0,1.0\n")),
        expected
    );
    assert_eq!(spelled(&truth("fname,labels\na.wav,\n")), ["a.wav: "]);
    assert_eq!(
        spelled(&truth(
            "fname,label,manually_verified\na.wav,Bark,1\nb.wav,Meow,0\n"
        )),
        ["a.wav: Bark", "b.wav: Meow"]
    );
    assert_eq!(
        spelled(&truth(
            "filename,fold,target,category,esc10\n1.ogg,1,0,dog,True\n"
        )),
        ["1.ogg: dog"]
    );
}

/// The rule of `earmark_core::labels`, which data tables follow too.
#[test]
fn the_name_of_the_column_says_whether_commas_separate_labels() {
    let one = truth("file,label\na.wav,\"Dog, bark\"\n");
    assert_eq!(one.classes(), ["Dog, bark"]);
    let class = truth("slice_file_name,path,class\nx,a.wav,\"Dog, bark\"\n");
    assert_eq!((class.files(), class.classes()), (one.files(), one.classes()));
    let several = truth("fname,labels\na.wav,\"\"\"Dog, bark\"\",Meow\"\n");
    assert_eq!(several.classes(), ["Dog, bark", "Meow"]);
}

/// What a spreadsheet or pandas makes of a data table: the truth is read from it as it is.
#[test]
fn a_data_table_serves_as_truth() {
    let expected = ["a.wav: dog", "b.wav: cat"];
    for text in [
        ",fold,path,category\n0,1,a.wav,dog\n1,2,b.wav,cat\n",
        "fname;label\r\na.wav;dog\r\nb.wav;cat\r\n;\r\n",
        "\"label\", \"file\"\n\"dog\", \"a.wav\"\n\"cat\", \"b.wav\"\n",
    ] {
        assert_eq!(spelled(&truth(text)), expected, "{text}");
    }
    let moved = score_error("label,fname\ndog,a.wav\n");
    assert!(
        moved.contains("in a score table it must hold the file names"),
        "{moved}"
    );
    let open = truth_error("fname,label\na.wav,\"dog\nb.wav,cat\n");
    assert!(
        open.starts_with("truth.csv, line 2: the quote in \"\\\"dog\" is never closed"),
        "{open}"
    );
}

#[test]
fn bad_truth_is_refused_with_its_place() {
    assert!(
        truth_error("fname,labels\na.wav,\"Bark,,Meow\"\n")
            .contains("`Bark,,Meow` cannot be read: there is an empty label in \"Bark,,Meow\"")
    );
    assert!(truth_error("fname,labels\na.wav,\"Bark,Bark\"\n").contains("label \"Bark\" appears twice"));
    assert!(truth_error("fname,label\na.wav,\n").contains("must hold exactly one label"));
    assert!(
        truth_error("fname,Bark\na.wav,0.5\n")
            .contains("line 2, column 2 (`Bark`): `0.5` is neither 0 nor 1")
    );
    assert!(truth_error("fname,labels\na.wav,Bark,Meow\n").contains("quote cells that contain commas"));
    let unknown = TruthTable::with_classes(vec!["a".into()], vec!["x".into()], vec![vec!["y".into()]]);
    assert!(
        unknown
            .expect_err("no class")
            .to_string()
            .contains("file `a` has a label that is not a class: `y`")
    );
}

#[test]
fn scores_are_found_by_name_in_any_order() {
    let scores = scores("fname,Meow,Bark\nx.wav,0,0\nb.wav,0.9,0.1\na.wav,0.2,0.8\n");
    let truth = truth("fname,labels\na.wav,Bark\nb.wav,\"Meow,Bark\"\n");
    let aligned = Aligned::new(&scores, &truth, UnknownLabels::Refuse).expect("all files");
    let rows: Vec<_> = aligned.rows().collect();
    assert_eq!(rows[0], ([0.2, 0.8].as_slice(), [false, true].as_slice()));
    assert_eq!(rows[1], ([0.9, 0.1].as_slice(), [true, true].as_slice()));
    assert_eq!(aligned.extra(), ["x.wav"]);
}

#[test]
fn what_does_not_align_is_named() {
    let scores = scores("fname,Bark\na.wav,0.5\nb.wav,0.5\n");
    let refuse = |text: &str| {
        Aligned::new(&scores, &truth(text), UnknownLabels::Refuse)
            .expect_err("a refusal")
            .to_string()
    };
    let missing =
        refuse("fname,labels\nc1,Bark\nc2,Bark\nc3,Bark\nc4,Bark\nc5,Bark\nc6,Bark\nc7,Bark\na.wav,Bark\n");
    assert_eq!(
        missing,
        "7 of 8 files of the truth have no scores: `c1`, `c2`, `c3`, `c4`, `c5` and 2 more; \
         predict these files too, or remove them from the truth"
    );
    assert!(refuse("fname,labels\na,Bark\n").contains("the scores have `a.wav` for `a`"));
    assert!(refuse("fname,labels\ntest/b.ogg,Bark\n").contains("the scores have `b.wav` for `test/b.ogg`"));
    assert!(
        refuse("fname,labels\na.wav,Brak\n")
            .contains("1 labels of the truth have no column in the scores: `Brak`")
    );

    let truth = truth("fname,labels\na.wav,\"Bark,Brak\"\nb.wav,Brak\n");
    let aligned = Aligned::new(&scores, &truth, UnknownLabels::Ignore).expect("ignored");
    assert_eq!((aligned.ignored_labels(), aligned.unlabelled()), (2, 1));
}

#[test]
fn a_class_of_the_truth_that_no_clip_carries_is_allowed() {
    let scores = scores("fname,Bark\na.wav,0.5\n");
    let truth = truth("fname,Bark,Meow\na.wav,1,0\n");
    assert!(Aligned::new(&scores, &truth, UnknownLabels::Refuse).is_ok());
}

#[test]
fn a_submission_is_known_by_its_header() {
    let read = |text: &str| PredictionTable::parse(text.as_bytes(), "s.csv");
    let table = read("fname,label\na.wav,Bark Meow  Purr\nb.wav,Moo\nc.wav,\n").expect("a submission");
    let PredictionTable::Submission(submission) = table else {
        panic!("read as {table:?}")
    };
    assert_eq!(submission.labels(0).expect("a row"), ["Bark", "Meow", "Purr"]);
    assert!(submission.labels(2).expect("a row").is_empty() && submission.labels(3).is_none());
    assert_eq!((submission.longest_row(), submission.files().len()), (3, 3));
    assert!(matches!(
        read("fname,Bark\na.wav,0.5\n"),
        Ok(PredictionTable::Scores(_))
    ));
    // One more column, and it is a score table again, with what that refuses.
    assert!(
        read("fname,label,Bark\na.wav,Bark,0.5\n")
            .expect_err("no number")
            .to_string()
            .contains("`Bark` is not a number")
    );
    assert_eq!(
        read("file,label\na.wav,Bark\nb.wav,Bark Moo Bark\n")
            .expect_err("twice")
            .to_string(),
        "s.csv, line 3, column 2 (`label`): `Bark Moo Bark` names a label twice; each label of a submission counts once, so drop one"
    );
    assert!(
        Submission::parse(&b"fname,Bark\na.wav,0.5\n"[..], "s.csv")
            .expect_err("scores")
            .to_string()
            .contains("`fname,label`")
    );
}

#[test]
fn blend_aligns_by_name_and_refuses_what_does_not_match() {
    let one = scores("fname,Bark,Meow\na.wav,0.25,0.5\nb.wav,0.75,1\n");
    let turned = scores("fname,Meow,Bark\nb.wav,0,0.75\na.wav,0.5,1\n");
    let both = [one.clone(), turned.clone()];
    assert_eq!(
        blend(&both, BlendMean::Arithmetic, None).expect("same names"),
        scores("fname,Bark,Meow\na.wav,0.625,0.5\nb.wav,0.75,0.5\n")
    );
    assert_eq!(
        blend(&both, BlendMean::Geometric, None)
            .expect("same names")
            .values()[3],
        0.0
    );
    assert_eq!(
        blend(&both, BlendMean::Arithmetic, Some(&[1.0, 0.0])).expect("same names"),
        one
    );
    // The weight of 0 leaves out the zero score too.
    assert!(
        (blend(&both, BlendMean::Geometric, Some(&[3.0, 0.0]))
            .expect("same names")
            .values()[3]
            - 1.0)
            .abs()
            < 1e-6
    );

    let refuse = |other: &str, mean| blend_error(&[one.clone(), scores(other)], mean, None);
    assert_eq!(
        refuse("fname,Bark,Meow\na.wav,1,1\n", BlendMean::Arithmetic),
        "table 2 lacks 1 file name(s) that table 1 has: `b.wav`; blend only tables with the same file names"
    );
    assert!(
        refuse(
            "fname,Bark,Meow\na.wav,1,1\nb.wav,1,1\nc.wav,1,1\n",
            BlendMean::Arithmetic
        )
        .contains("table 1 lacks 1 file name(s) that table 2 has: `c.wav`")
    );
    assert!(
        refuse("fname,Bark,Purr\na.wav,1,1\nb.wav,1,1\n", BlendMean::Arithmetic)
            .contains("table 2 lacks 1 class name(s)")
    );
    assert!(
        refuse("fname,Bark,Meow\na.wav,1,-2\nb.wav,1,1\n", BlendMean::Geometric)
            .contains("-2 (table 2, file `a.wav`, class `Meow`)")
    );
    let one_weight = blend_error(&both, BlendMean::Arithmetic, Some(&[1.0]));
    assert!(one_weight.contains("expected 2 values, got 1"), "{one_weight}");
    for weights in [[0.0, 0.0], [1.0, -0.5], [f64::NAN, 1.0], [f64::INFINITY, 1.0]] {
        assert!(blend_error(&both, BlendMean::Arithmetic, Some(&weights)).contains("not all 0"));
    }
    assert!(blend_error(&[], BlendMean::Arithmetic, None).contains("at least one table"));
    assert_eq!(
        "geometric".parse::<BlendMean>().expect("a mean"),
        BlendMean::Geometric
    );
    assert!(
        "harmonic"
            .parse::<BlendMean>()
            .expect_err("no mean")
            .to_string()
            .contains("`arithmetic` or `geometric`")
    );
}
