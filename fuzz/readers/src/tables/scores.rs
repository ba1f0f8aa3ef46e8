//! Tables of scores, of truth, and submissions.

use earmark_metrics::{PredictionTable, Report, ReportOptions, ScoreTable, TruthTable, UnknownLabels};

use super::are_single_lines;
use crate::{check_message, two_parts};

/// Two tables, scores and truth, separated by a line `---`: each is refused or right, and so is the report of both.
pub fn scores(data: &[u8]) {
    let (first, second) = two_parts(data).unwrap_or((data, data));
    let scores = ScoreTable::parse(first, "scores.csv");
    let truth = TruthTable::parse(second, "truth.csv");
    scores.as_ref().map_err(check_message).ok();
    truth.as_ref().map_err(check_message).ok();
    if let Ok(scores) = &scores {
        check_scores(scores);
    }
    check_predictions(first, scores.as_ref().ok());
    if let (Ok(scores), Ok(truth)) = (scores, truth) {
        check_report(&scores, &truth);
    }
}

fn check_scores(scores: &ScoreTable) {
    assert!(scores.values().iter().all(|x| x.is_finite()));
    assert_eq!(
        scores.values().len(),
        scores.files().len() * scores.classes().len()
    );
    if are_single_lines(scores.files().iter().chain(scores.classes())) {
        let mut written = Vec::new();
        scores.write(&mut written).expect("writing to memory");
        assert_eq!(
            &ScoreTable::parse(&written[..], "again").expect("what was written"),
            scores
        );
    }
}

/// A table of scores or a submission.
fn check_predictions(data: &[u8], scores: Option<&ScoreTable>) {
    match PredictionTable::parse(data, "predictions.csv") {
        Ok(PredictionTable::Scores(table)) => assert_eq!(Some(&table), scores),
        Ok(PredictionTable::Submission(submission)) => {
            let rows = (0..submission.files().len()).filter_map(|row| submission.labels(row));
            let longest = rows.map(<[String]>::len).max().unwrap_or(0);
            assert_eq!(longest, submission.longest_row());
        }
        Err(error) => check_message(&error),
    }
}

fn check_report(scores: &ScoreTable, truth: &TruthTable) {
    for unknown_labels in [UnknownLabels::Refuse, UnknownLabels::Ignore] {
        let options = ReportOptions {
            unknown_labels,
            ..ReportOptions::default()
        };
        let report = match Report::compute(scores, truth, &options) {
            Ok(report) => report,
            Err(error) => {
                check_message(&error);
                continue;
            }
        };
        let shares = [
            report.lwlrap,
            report.map.value,
            report.mean_ap,
            report.auc,
            report.accuracy,
            report.micro_ap,
        ];
        // The sum of many rounded quotients may be a little above one.
        assert!(
            shares.iter().flatten().all(|x| (0.0..=1.0 + 1e-9).contains(x)),
            "{shares:?}"
        );
        assert_eq!(report.clips, truth.files().len());
    }
}
