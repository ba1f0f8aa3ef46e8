//! `folds.json`: the results of each fold, their mean and deviation, and the results over all folds' clips together.

use super::fold_result::FoldResult;
use super::out_of_fold_scores::OutOfFold;
use crate::evaluation::with_truth;
use earmark_data::split::fold_warnings;
use earmark_metrics::{MetricsError, Report, ReportOptions};
use earmark_runs::warnings::{ResultFacts, RunWarning};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of the file's layout.
const FORMAT: u32 = 1;

/// What has a mean over folds.
const METRICS: [&str; 10] = [
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
];

/// One fold in the report.
#[derive(Clone, Debug, Serialize)]
pub struct FoldMetrics {
    /// The fold.
    pub fold: u32,
    /// Step of the evaluated weights.
    pub step: u64,
    /// Evaluated clips.
    pub clips: usize,
    /// Clips that could not be read.
    pub skipped: Vec<String>,
    /// The metrics; null where one is not defined.
    pub metrics: BTreeMap<&'static str, Option<f64>>,
}

/// A metric over folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MetricSpread {
    /// Mean over the folds that have a value.
    pub mean: f64,
    /// Their standard deviation (n - 1); null for one fold.
    pub deviation: Option<f64>,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// How many folds have a value.
    pub folds: usize,
}

impl MetricSpread {
    fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (n > 0).then(|| Self {
            mean,
            deviation: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            folds: n,
        })
    }
}

/// All folds together.
#[derive(Clone, Debug, Serialize)]
pub struct CrossValidationReport {
    /// Version of this layout.
    pub format: u32,
    /// Name of the recipe.
    pub recipe: String,
    /// Whether the test clips drove the trainings.
    pub optimistic: bool,
    /// What is bad: folds of different sizes, groups in several of them; pooled results like those of guessing;
    /// trainings that ended too soon; damaged lines of their logs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Each fold.
    pub folds: Vec<FoldMetrics>,
    /// Each metric over the folds.
    pub metrics: BTreeMap<&'static str, MetricSpread>,
    /// All metrics over all clips, each scored by the fold that did not see it. Scores of different models are compared
    /// with each other here, which the means over folds do not do.
    pub pooled: Report,
}

impl CrossValidationReport {
    pub(crate) fn of(recipe: &str, results: &[FoldResult]) -> Result<Self, MetricsError> {
        let options = ReportOptions::default();
        let mut folds = Vec::new();
        for r in results {
            let report = Report::of(&with_truth(r.scores.clone(), &r.items)?, &options)?;
            let value = serde_json::to_value(&report).unwrap_or_default();
            let metric = |m: &'static str| (m, value.get(m).and_then(Value::as_f64));
            folds.push(FoldMetrics {
                fold: r.fold,
                step: r.step,
                clips: report.clips,
                skipped: r.skipped.clone(),
                metrics: METRICS.into_iter().map(metric).collect(),
            });
        }
        let spread = |m: &'static str| {
            let values: Vec<f64> = folds.iter().filter_map(|f| f.metrics[m]).collect();
            Some((m, MetricSpread::of(&values)?))
        };
        let pooled = Report::of(&OutOfFold::of(results)?.aligned()?, &options)?;
        let items = results
            .iter()
            .flat_map(|r| r.items.iter().map(move |item| (r.fold, item)));
        let of_folds = fold_warnings(items.map(|(fold, item)| (fold, item.group.as_deref())));
        let remedies = results.first().map(|r| r.remedies).unwrap_or_default();
        let of_results = ResultFacts::from(&pooled).warnings("clips of all folds", remedies);
        let of_results = of_results.iter().map(RunWarning::to_string);
        let of_logs = results.iter().flat_map(|r| {
            let problems = r.problems.iter();
            problems.map(move |problem| format!("fold {}: {problem}", r.fold))
        });
        Ok(Self {
            format: FORMAT,
            recipe: recipe.to_owned(),
            optimistic: results.iter().any(|r| r.optimistic),
            warnings: of_folds
                .into_iter()
                .chain(of_results)
                .chain(loss_warning(results))
                .chain(of_logs)
                .collect(),
            metrics: METRICS.into_iter().filter_map(spread).collect(),
            folds,
            pooled,
        })
    }
}

/// The warning of trainings whose loss was still falling at their end, where at least half of the folds' were.
fn loss_warning(results: &[FoldResult]) -> Option<String> {
    let falling = results
        .iter()
        .filter_map(|r| Some((r.fold, r.loss_warning.as_ref()?)));
    let falling: Vec<(u32, &RunWarning)> = falling.collect();
    let (fold, warning) = falling.first().filter(|_| 2 * falling.len() >= results.len())?;
    let (n, of) = (falling.len(), results.len());
    Some(format!("in {n} of {of} folds, such as fold {fold}, {warning}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::Item;
    use earmark_metrics::ScoreTable;
    use earmark_runs::warnings::{Remedies, WarningKind};

    /// A fold of clips with two scores and a label.
    fn result(fold: u32, rows: &[(&str, [f32; 2], usize)]) -> FoldResult {
        let files = rows.iter().map(|r| r.0.to_owned()).collect();
        let values = rows.iter().flat_map(|r| r.1).collect();
        let item = |(file, _, label): &(&str, [f32; 2], usize)| Item {
            file: (*file).to_owned(),
            labels: vec![*label],
            ..Item::default()
        };
        FoldResult {
            fold,
            step: 7,
            optimistic: false,
            remedies: Remedies {
                class_weights: true,
                ..Remedies::default()
            },
            loss_warning: None,
            problems: Vec::new(),
            single_label: true,
            scores: ScoreTable::new(files, vec!["a".into(), "b".into()], values).unwrap(),
            items: rows.iter().map(item).collect(),
            skipped: vec![],
        }
    }

    #[test]
    fn folds_have_means_and_deviations_and_a_pool() {
        let (a, b) = (0, 1);
        let folds = [
            result(1, &[("1", [0.9, 0.1], a), ("2", [0.8, 0.2], b)]),
            result(3, &[("3", [0.3, 0.7], b)]),
        ];
        let report = CrossValidationReport::of("r", &folds).unwrap();
        // Lwlrap of a clip whose one label of two is second: 1/2.
        let lwlrap = report.metrics["lwlrap"];
        assert_eq!((lwlrap.mean, lwlrap.min, lwlrap.max), (0.875, 0.75, 1.0));
        // Of 0.75 and 1: half their distance times the root of 2.
        assert!((lwlrap.deviation.unwrap() - 0.125 * 2.0_f64.sqrt()).abs() < 1e-15);
        // Of three clips: (1 + 1/2 + 1) / 3, and not the mean of means.
        assert!((report.pooled.lwlrap.unwrap() - 2.5 / 3.0).abs() < 1e-15);
        assert_eq!(report.folds[1].metrics["accuracy"], Some(1.0));
        assert_eq!((report.folds[0].clips, report.folds[1].fold), (2, 3));
        assert!(
            report.warnings[0].contains("fold 3 has 1 clip, fold 1 has 2"),
            "{report:?}"
        );
    }

    #[test]
    fn a_group_in_two_folds_is_a_warning() {
        let mut folds = [
            result(1, &[("1", [0.9, 0.1], 0)]),
            result(2, &[("2", [0.8, 0.2], 1)]),
        ];
        let report = CrossValidationReport::of("r", &folds).unwrap();
        assert!(report.warnings.is_empty(), "{report:?}");
        for fold in &mut folds {
            fold.items[0].group = Some("garden".into());
        }
        let report = CrossValidationReport::of("r", &folds).unwrap();
        assert!(
            report.warnings[0].contains("\"garden\" in folds 1, 2"),
            "{report:?}"
        );
    }

    /// Pooled results like those of guessing, and a loss that was falling in half of the folds or more.
    #[test]
    fn bad_results_and_short_trainings_are_warnings() {
        let falling = RunWarning {
            kind: WarningKind::LossStillFalling,
            text: "the training loss was still falling at the end".into(),
            remedy: "train longer".into(),
        };
        // Always "a": right for eight of sixteen clips.
        let rows: Vec<(String, usize)> = (0..16).map(|i| (i.to_string(), i % 2)).collect();
        let rows: Vec<(&str, [f32; 2], usize)> = rows
            .iter()
            .map(|(file, label)| (file.as_str(), [0.9, 0.1], *label))
            .collect();
        let mut folds = [result(1, &rows[..8]), result(2, &rows[8..])];
        let report = CrossValidationReport::of("r", &folds).unwrap();
        assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
        let start = "accuracy 0.5000 of 16 clips of all folds is no better than guessing";
        assert!(report.warnings[0].starts_with(start), "{:?}", report.warnings);
        assert!(
            report.warnings[1].ends_with("class-weights=\"balanced\"'"),
            "{:?}",
            report.warnings
        );
        folds[1].loss_warning = Some(falling);
        let report = CrossValidationReport::of("r", &folds).unwrap();
        assert_eq!(
            report.warnings[2],
            "in 1 of 2 folds, such as fold 2, the training loss was still falling at the end; train longer"
        );
        let three = [folds.to_vec(), vec![result(3, &[("x", [0.1, 0.9], 1)])]].concat();
        let report = CrossValidationReport::of("r", &three).unwrap();
        assert!(
            report.warnings.iter().all(|text| !text.contains("falling")),
            "a third of the folds"
        );
    }

    #[test]
    fn one_fold_has_no_deviation_and_no_folds_no_mean() {
        assert_eq!(MetricSpread::of(&[0.5]).unwrap().deviation, None);
        assert_eq!(MetricSpread::of(&[]), None);
    }
}
