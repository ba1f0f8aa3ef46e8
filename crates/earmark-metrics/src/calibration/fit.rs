//! Fitting a calibration on held-out clips, its per-class thresholds, and a cross-fit that shows what it is worth.

use std::collections::BTreeSet;

use earmark_core::ConfigError;

use super::apply::{Calibration, CalibrationLine, CalibrationRule};
use super::maximum_likelihood::{log, logit, platt, slope, softmax_slope};
use crate::error::{check_length, check_probabilities};
use crate::{Aligned, Result, ThresholdCurve};

/// Slopes outside this range are not believed.
const SLOPES: std::ops::RangeInclusive<f64> = 0.02..=50.0;

/// What is fitted to each class of a model that predicts any number of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalibrationMethod {
    /// Slope and shift (Platt 1999).
    #[default]
    Platt,
    /// The slope alone.
    Temperature,
}

/// How a calibration is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationOptions {
    /// Whether a clip has exactly one class and its scores are a softmax: then one temperature is fitted and `method` is ignored.
    pub single_label: bool,
    /// For models that predict any number of classes.
    pub method: CalibrationMethod,
    /// A class with fewer clips that carry it, or fewer that do not, keeps its scores.
    pub min_examples: usize,
    /// Regularisation towards changing nothing, in units of clips; 0 for none.
    pub strength: f64,
}

impl Default for CalibrationOptions {
    fn default() -> Self {
        Self {
            single_label: false,
            method: CalibrationMethod::Platt,
            min_examples: 5,
            strength: 1.0,
        }
    }
}

impl Calibration {
    /// Fits on scores of held-out clips. Clips without a label are ordinary negatives of every class; with `single_label` they
    /// are left out.
    ///
    /// # Errors
    /// A negative or infinite `strength`; a score outside 0 to 1; with `single_label` a clip of several labels.
    pub fn fit(clips: &Aligned, options: CalibrationOptions) -> Result<Self> {
        check(clips, options)?;
        let rule = if options.single_label {
            fit_softmax(clips, options)?
        } else {
            let lines = (0..clips.classes().len()).map(|class| fit_class(clips, class, options));
            CalibrationRule::Classes {
                lines: lines.collect(),
            }
        };
        let mut calibration = Self {
            rule,
            thresholds: Vec::new(),
            clips: clips.files().len(),
        };
        calibration.thresholds = thresholds(&calibration.of_clips(clips)?, options.min_examples)?;
        Ok(calibration)
    }

    /// Scores of clips in `groups` (folds), each calibrated by a fit on the other groups alone, and for each clip the thresholds
    /// of that fit: what calibration is worth on clips that it has not seen.
    ///
    /// # Errors
    /// As [`Self::fit`]; `groups` not one per clip, or fewer than two groups.
    pub fn cross_fit(
        clips: &Aligned,
        groups: &[u32],
        options: CalibrationOptions,
    ) -> Result<(Aligned, Vec<Vec<f32>>)> {
        check_length("groups, one per clip", clips.files().len(), groups.len())?;
        let known: BTreeSet<u32> = groups.iter().copied().collect();
        if known.len() < 2 {
            let remedy = "must be at least 2: one to fit on and one to evaluate";
            return Err(ConfigError::new("number of groups", known.len(), remedy).into());
        }
        let width = clips.classes().len();
        let mut values = clips.values().0.to_vec();
        let mut limits = vec![Vec::new(); groups.len()];
        for group in known {
            let fitted = Self::fit(&clips.select(|i| groups[i] != group)?, options)?;
            for clip in (0..groups.len()).filter(|&clip| groups[clip] == group) {
                fitted.apply(&mut values[clip * width..(clip + 1) * width]);
                limits[clip].clone_from(&fitted.thresholds);
            }
        }
        Ok((clips.with_scores(values)?, limits))
    }
}

/// Refuses what can't be fitted.
fn check(clips: &Aligned, options: CalibrationOptions) -> Result<()> {
    ConfigError::check_range(
        "strength of the regularisation",
        options.strength,
        0.0..f64::INFINITY,
        "must be 0 or more and finite; 1 is usual",
    )?;
    for (file, (scores, _)) in clips.files().iter().zip(clips.rows()) {
        let place = |class: usize| format!("file `{file}` for class `{}`", clips.classes()[class]);
        check_probabilities(scores, place)?;
    }
    Ok(())
}

fn fit_softmax(clips: &Aligned, options: CalibrationOptions) -> Result<CalibrationRule> {
    let labelled = clips.rows().zip(clips.single_labels()?);
    let rows: Vec<(Vec<f64>, usize)> = labelled
        .filter_map(|((scores, _), label)| Some((scores.iter().map(|&p| log(p)).collect(), label?)))
        .collect();
    if rows.len() < options.min_examples.max(1) {
        return Ok(CalibrationRule::Softmax { slope: 1.0 });
    }
    let slope = softmax_slope(&rows, options.strength);
    // Scores worse than chance can't be repaired by making them surer, and nobody wants them inverted.
    let slope = if slope > 0.0 { clamp(slope) } else { 1.0 };
    Ok(CalibrationRule::Softmax { slope })
}

fn clamp(slope: f64) -> f32 {
    slope.clamp(*SLOPES.start(), *SLOPES.end()) as f32
}

fn fit_class(clips: &Aligned, class: usize, options: CalibrationOptions) -> CalibrationLine {
    let (logits, truth): (Vec<f64>, Vec<bool>) = clips
        .rows()
        .map(|(scores, truth)| (logit(scores[class]), truth[class]))
        .unzip();
    let positives = truth.iter().filter(|t| **t).count();
    if positives.min(truth.len() - positives) < options.min_examples.max(1) {
        return CalibrationLine::IDENTITY;
    }
    let [slope, shift] = match options.method {
        CalibrationMethod::Platt => platt(&logits, &truth, options.strength),
        CalibrationMethod::Temperature => [slope(&logits, &truth, options.strength), 0.0],
    };
    // As with a softmax: a class is never inverted.
    if !(slope > 0.0 && slope.is_finite() && shift.is_finite()) {
        return CalibrationLine::IDENTITY;
    }
    let (slope, shift) = (clamp(slope), shift as f32);
    CalibrationLine { slope, shift }
}

/// F1-best thresholds on calibrated scores, halfway between the lowest score that is tagged and the highest that is not.
fn thresholds(clips: &Aligned, min_examples: usize) -> Result<Vec<f32>> {
    let halfway = |curve: &ThresholdCurve| {
        let best = curve.best_threshold()?.threshold;
        let next = curve.next_below(best);
        Some(next.map_or(best / 2.0, |next| best / 2.0 + next / 2.0))
    };
    let together = halfway(&clips.micro_curve()?).unwrap_or(0.5);
    (0..clips.classes().len())
        .map(|class| {
            let curve = clips.curve(class)?;
            let enough = curve.positives() >= min_examples as u64;
            Ok(halfway(&curve).filter(|_| enough).unwrap_or(together))
        })
        .collect()
}
