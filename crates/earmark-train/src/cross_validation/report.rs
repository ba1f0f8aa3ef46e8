//! `folds.json`: the results of each fold, their mean and deviation, and the results over all folds' clips together.

use super::own_scores;
use crate::PipelineError;
use earmark_data::DataSet;
use earmark_metrics::{Aligned, Report, ReportOptions, ScoreTable};
use earmark_runs::clip_roles::test_clips;
use earmark_runs::run_dir::{RunOverview, best_step, fold_run};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

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

/// An evaluated fold.
#[derive(Clone, Debug)]
pub(crate) struct FoldResult {
    fold: u32,
    step: u64,
    optimistic: bool,
    scores: ScoreTable,
    truth: Vec<bool>,
    skipped: Vec<String>,
}

impl FoldResult {
    /// Reads the files of the evaluation. `data` has the labels, in the classes of the run.
    pub(crate) fn read(set: &Path, fold: u32, data: &DataSet) -> Result<Self, PipelineError> {
        let run = RunOverview::open(&fold_run(set, fold))?;
        let scores = own_scores(&run.path)?;
        let classes = scores.classes().len();
        let (mut labels, mut skipped) = (BTreeMap::new(), Vec::new());
        for item in test_clips(&run.path, data)? {
            if scores.files().contains(&item.file) {
                labels.insert(item.file.clone(), item.multi_hot(classes));
            } else {
                skipped.push(item.file);
            }
        }
        let missing = scores.files().iter().find(|file| !labels.contains_key(*file));
        if let Some(file) = missing {
            return Err(PipelineError::Request(format!(
                "{}: has scores of {file:?}, which is not a clip of this fold; remove its folder eval, then continue with --resume",
                run.path.display()
            )));
        }
        let truth = scores.files().iter().flat_map(|file| &labels[file]);
        Ok(Self {
            fold,
            step: best_step(&run.path)?,
            optimistic: run.info.optimistic,
            truth: truth.map(|v| *v > 0.0).collect(),
            scores,
            skipped,
        })
    }
}

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
    /// Each fold.
    pub folds: Vec<FoldMetrics>,
    /// Each metric over the folds.
    pub metrics: BTreeMap<&'static str, MetricSpread>,
    /// All metrics over all clips, each scored by the fold that did not see it. Scores of different models are compared with
    /// each other here, which the means over folds do not do.
    pub pooled: Report,
}

impl CrossValidationReport {
    pub(crate) fn of(recipe: &str, results: Vec<FoldResult>) -> Result<Self, PipelineError> {
        let mut folds = Vec::new();
        let (mut files, mut values, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        let mut classes = Vec::new();
        let optimistic = results.iter().any(|r| r.optimistic);
        for r in results {
            files.extend_from_slice(r.scores.files());
            values.extend_from_slice(r.scores.values());
            truth.extend_from_slice(&r.truth);
            classes = r.scores.classes().to_vec();
            let report = Report::of(&Aligned::from_rows(r.scores, r.truth)?, &ReportOptions::default())?;
            let value = serde_json::to_value(&report).unwrap_or_default();
            folds.push(FoldMetrics {
                fold: r.fold,
                step: r.step,
                clips: report.clips,
                skipped: r.skipped,
                metrics: METRICS
                    .into_iter()
                    .map(|m| (m, value.get(m).and_then(Value::as_f64)))
                    .collect(),
            });
        }
        let spread = |m: &'static str| {
            let values: Vec<f64> = folds.iter().filter_map(|f| f.metrics[m]).collect();
            Some((m, MetricSpread::of(&values)?))
        };
        let metrics = METRICS.into_iter().filter_map(spread).collect();
        let pooled = Aligned::from_rows(ScoreTable::new(files, classes, values)?, truth)?;
        Ok(Self {
            format: FORMAT,
            recipe: recipe.to_owned(),
            optimistic,
            folds,
            metrics,
            pooled: Report::of(&pooled, &ReportOptions::default())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(fold: u32, rows: &[(&str, [f32; 2], [bool; 2])]) -> FoldResult {
        let files = rows.iter().map(|r| r.0.to_owned()).collect();
        let values = rows.iter().flat_map(|r| r.1).collect();
        FoldResult {
            fold,
            step: 7,
            optimistic: false,
            scores: ScoreTable::new(files, vec!["a".into(), "b".into()], values).unwrap(),
            truth: rows.iter().flat_map(|r| r.2).collect(),
            skipped: vec![],
        }
    }

    #[test]
    fn folds_have_means_and_deviations_and_a_pool() {
        let (a, b) = ([true, false], [false, true]);
        let folds = vec![
            result(1, &[("1", [0.9, 0.1], a), ("2", [0.8, 0.2], b)]),
            result(3, &[("3", [0.3, 0.7], b)]),
        ];
        let report = CrossValidationReport::of("r", folds).unwrap();
        // Lwlrap of a clip whose one label of two is second: 1/2.
        let lwlrap = report.metrics["lwlrap"];
        assert_eq!((lwlrap.mean, lwlrap.min, lwlrap.max), (0.875, 0.75, 1.0));
        // Of 0.75 and 1: half their distance times the root of 2.
        assert!((lwlrap.deviation.unwrap() - 0.125 * 2.0_f64.sqrt()).abs() < 1e-15);
        // Of three clips: (1 + 1/2 + 1) / 3, and not the mean of means.
        assert!((report.pooled.lwlrap.unwrap() - 2.5 / 3.0).abs() < 1e-15);
        assert_eq!(report.folds[1].metrics["accuracy"], Some(1.0));
        assert_eq!((report.folds[0].clips, report.folds[1].fold), (2, 3));
    }

    #[test]
    fn one_fold_has_no_deviation_and_no_folds_no_mean() {
        assert_eq!(MetricSpread::of(&[0.5]).unwrap().deviation, None);
        assert_eq!(MetricSpread::of(&[]), None);
    }
}
