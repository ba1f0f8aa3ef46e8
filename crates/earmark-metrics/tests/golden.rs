//! Against scikit-learn and SciPy: values written by xtask/golden/metrics_sklearn.py.

use earmark_metrics::{
    Aligned, BlendMean, BlendSelector, Report, ReportOptions, ScoreTable, Submission, SubmissionReport,
    TruthTable, blend, d_prime, probit, top_k,
};
use serde_json::Value;

/// Both sides read the same float32 scores and compute in float64: only the order of sums differs.
const TOLERANCE: f64 = 1e-12;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/sklearn.json")).expect("the golden file is JSON")
}

fn numbers(value: &Value) -> Vec<f32> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|x| x.as_f64().expect("a number") as f32)
        .collect()
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index:03}")).collect()
}

fn check(case: &str, what: &str, got: Option<f64>, expected: &Value) {
    match (got, expected.as_f64()) {
        (None, None) => {}
        (Some(got), Some(expected)) if (got - expected).abs() <= TOLERANCE => {}
        (got, expected) => panic!("{case}: {what} is {got:?}, expected {expected:?}"),
    }
}

/// A golden case as tables, the truth in reverse order of the scores so that aligning has work to do.
fn tables(case: &Value) -> (ScoreTable, TruthTable) {
    let rows = case["scores"].as_array().expect("rows");
    let classes = names("class", case["classes"].as_u64().expect("a count") as usize);
    let files = names("clip", rows.len());
    let scores = ScoreTable::new(
        files.clone(),
        classes.clone(),
        rows.iter().flat_map(numbers).collect(),
    )
    .expect("scores");
    let labels = case["truth"].as_array().expect("rows").iter().map(|row| {
        let marks = row.as_str().expect("marks").bytes();
        marks
            .zip(&classes)
            .filter(|(mark, _)| *mark == b'1')
            .map(|(_, class)| class.clone())
            .collect()
    });
    let truth = TruthTable::with_classes(
        files.into_iter().rev().collect(),
        classes.clone(),
        labels.rev().collect::<Vec<Vec<String>>>(),
    );
    (scores, truth.expect("truth"))
}

#[test]
fn reports_agree_with_scikit_learn() {
    let golden = golden();
    let cases = golden["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 12);
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let expected = &case["expected"];
        let (scores, truth) = tables(case);
        let report = Report::compute(&scores, &truth, &ReportOptions::default()).expect(name);
        // Through JSON, so that the names that scripts rely on are checked too.
        let json = serde_json::to_value(&report).expect("JSON");
        for key in [
            "lwlrap",
            "map@3",
            "mAP",
            "mAP_micro",
            "auc",
            "d_prime",
            "accuracy",
            "balanced_accuracy",
            "f1_micro",
            "f1_macro",
            "precision",
            "recall",
            "skipped",
        ] {
            check(name, key, json[key].as_f64(), &expected[key]);
        }
        for (class, class_name) in scores.classes().iter().enumerate() {
            let got = &json["per_class"][class_name];
            for key in [
                "lwlrap",
                "ap",
                "auc",
                "f1",
                "precision",
                "recall",
                "best_f1",
                "count",
            ] {
                let what = format!("{key} of {class_name}");
                check(
                    name,
                    &what,
                    got[key].as_f64(),
                    &expected[format!("class_{key}")][class],
                );
            }
        }
        let options = ReportOptions {
            map_at: 1,
            ..Default::default()
        };
        let report = Report::compute(&scores, &truth, &options).expect(name);
        check(name, "map@1", report.map.value, &expected["map@1"]);
    }
}

#[test]
fn confusion_agrees_with_scikit_learn() {
    let golden = golden();
    let mut checked = 0;
    for case in golden["cases"].as_array().expect("cases") {
        let (scores, truth) = tables(case);
        let aligned = Aligned::new(&scores, &truth, Default::default()).expect("same files");
        let expected = &case["expected"]["confusion"];
        match aligned.confusion() {
            Ok(matrix) if !expected.is_null() => {
                assert_eq!(
                    serde_json::to_value(matrix.counts()).expect("JSON"),
                    *expected,
                    "{}",
                    case["name"]
                );
                check(
                    "confusion",
                    "accuracy",
                    matrix.accuracy(),
                    &case["expected"]["accuracy"],
                );
                for (class, class_name) in scores.classes().iter().enumerate() {
                    let decisions = matrix.decisions(class);
                    for (key, got) in [
                        ("precision", decisions.precision()),
                        ("recall", decisions.recall()),
                        ("f1", decisions.f1()),
                    ] {
                        let expected = &case["expected"][format!("class_top_{key}")][class];
                        check(
                            case["name"].as_str().expect("a name"),
                            &format!("{key} of {class_name}"),
                            got,
                            expected,
                        );
                    }
                }
                checked += 1;
            }
            Ok(matrix) => assert_eq!(matrix.accuracy(), None, "{}: no labelled clip", case["name"]),
            Err(error) => assert!(expected.is_null(), "{}: {error}", case["name"]),
        }
    }
    assert_eq!(checked, 5, "five cases have at most one label per clip");
}

/// A submission of the best labels of a score table scores as the table does, whatever was left out behind them.
#[test]
fn submissions_score_as_the_tables_that_they_are_made_of() {
    let golden = golden();
    for case in golden["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let (scores, truth) = tables(case);
        let best = |(_, row): (&str, &[f32])| -> Vec<String> {
            let classes = top_k(row, 3).into_iter();
            classes.map(|class| scores.classes()[class].clone()).collect()
        };
        let labels = scores.rows().map(best).collect();
        let submission = Submission::new(scores.files().to_vec(), labels).expect(name);
        for (k, key) in [(Some(1), "map@1"), (Some(3), "map@3")] {
            let report = SubmissionReport::compute(&submission, &truth, k).expect(name);
            check(name, key, report.map.value, &case["expected"][key]);
            check(name, "accuracy", report.accuracy, &case["expected"]["accuracy"]);
            assert_eq!(
                Some(report.skipped as u64),
                case["expected"]["skipped"].as_u64(),
                "{name}"
            );
        }
        // The longest row counts by itself: all three labels, or as many as there are classes.
        let report = SubmissionReport::compute(&submission, &truth, None).expect(name);
        assert_eq!(report.map.k, scores.classes().len().min(3), "{name}");
    }
}

#[test]
fn probit_agrees_with_scipy() {
    for pair in golden()["probit"].as_array().expect("pairs") {
        let (p, expected) = (pair[0].as_f64().expect("p"), pair[1].as_f64().expect("quantile"));
        let got = probit(p).expect("inside of 0 to 1");
        assert!(
            (got - expected).abs() <= 1e-14 * expected.abs().max(1.0),
            "probit({p}) = {got}, not {expected}"
        );
        assert_eq!(d_prime(p), Some(std::f64::consts::SQRT_2 * got));
    }
    assert_eq!([0.0, 1.0, -0.1, f64::NAN].map(probit), [None; 4]);
}

#[test]
fn blends_agree_with_numpy_and_scipy() {
    let golden = &golden()["blend"];
    let classes = names("class", 4);
    let tables: Vec<ScoreTable> = golden["tables"]
        .as_array()
        .expect("tables")
        .iter()
        .map(|values| ScoreTable::new(names("clip", 3), classes.clone(), numbers(values)).expect("a table"))
        .collect();
    let weights: Vec<f64> = numbers(&golden["weights"]).into_iter().map(f64::from).collect();
    for (mean, weights, key) in [
        (BlendMean::Arithmetic, None, "arithmetic"),
        (
            BlendMean::Arithmetic,
            Some(weights.as_slice()),
            "arithmetic_weighted",
        ),
        (BlendMean::Geometric, None, "geometric"),
        (
            BlendMean::Geometric,
            Some(weights.as_slice()),
            "geometric_weighted",
        ),
    ] {
        let blended = blend(&tables, mean, weights).expect(key);
        for (got, expected) in blended.values().iter().zip(numbers(&golden[key])) {
            // The result is rounded to float32 once, so at most the last bit may differ.
            assert!(
                (got - expected).abs() <= f32::EPSILON * expected,
                "{key}: {got}, not {expected}"
            );
        }
    }
}

/// Every subset's blend, the best one, and its nested estimate (xtask/golden/blend_select.py).
#[test]
fn blend_selection_agrees_with_scipy() {
    let golden: Value =
        serde_json::from_str(include_str!("golden/blend_select.json")).expect("the golden file is JSON");
    let classes = names("class", golden["classes"].as_u64().expect("a count") as usize);
    let truth: Vec<bool> = numbers(&golden["truth"]).into_iter().map(|v| v > 0.0).collect();
    let files = names("clip", truth.len() / classes.len());
    let tables: Vec<ScoreTable> = golden["tables"]
        .as_array()
        .expect("tables")
        .iter()
        .map(|t| ScoreTable::new(files.clone(), classes.clone(), numbers(t)).expect("a table"))
        .collect();
    let lwlrap = |aligned: &Aligned| Ok(aligned.lwlrap()?.overall());
    let positions = |value: &Value| -> Vec<usize> {
        let list = value.as_array().expect("a list").iter();
        list.map(|v| v.as_u64().expect("a position") as usize).collect()
    };
    for subset in golden["lwlrap_of_subsets"].as_array().expect("a list") {
        let some: Vec<ScoreTable> = positions(&subset[0])
            .into_iter()
            .map(|i| tables[i].clone())
            .collect();
        let blended = blend(&some, BlendMean::Geometric, None).expect("a blend");
        let got = lwlrap(&Aligned::from_rows(blended, truth.clone()).expect("rows")).expect("a score");
        check("subsets", &subset[0].to_string(), got, &subset[1]);
    }
    let weights = |chosen: &Value| -> Vec<usize> {
        let chosen = positions(chosen);
        (0..tables.len())
            .map(|i| usize::from(chosen.contains(&i)))
            .collect()
    };
    let selector = BlendSelector::new(&tables, truth, BlendMean::Geometric).expect("tables to choose from");
    let chosen = selector.select(&lwlrap).expect("a choice").expect("a score");
    assert_eq!(chosen.weights, weights(&golden["chosen"]));
    let folds: Vec<u32> = numbers(&golden["folds"]).into_iter().map(|f| f as u32).collect();
    let nested = selector.nested(&folds, &lwlrap).expect("a choice per fold");
    for (fold, own) in &nested.chosen {
        assert_eq!(*own, weights(&golden["nested"][fold.to_string()]), "fold {fold}");
    }
    check("nested", "lwlrap", nested.score, &golden["nested_lwlrap"]);
}
