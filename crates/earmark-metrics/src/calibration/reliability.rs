//! How good scores are as probabilities: of the decisions scored 0.8, 80 in 100 should be right.

use earmark_core::ConfigError;
use serde::{Deserialize, Serialize};

use crate::error::check_probabilities;
use crate::mean::mean;
use crate::{Aligned, DecisionCounts, Result, top_k};

/// Scores close to each other, and how often they were right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lowest score of the bin.
    pub from: f64,
    /// Number of scores.
    pub count: u64,
    /// Their mean; `None` without any.
    pub score: Option<f64>,
    /// Share of them that is true; `None` without any.
    pub share: Option<f64>,
}

/// Scores against the share that is true, in bins of equal width (Guo et al. 2017): what a reliability diagram shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityTable {
    /// From 0 to 1.
    pub bins: Vec<ReliabilityBin>,
    /// Expected calibration error: mean distance of score and share over the bins, weighted by their counts. `None`
    /// without scores.
    pub ece: Option<f64>,
}

/// Number of bins of [`CalibrationQuality`], as in Guo et al.
const RELIABILITY_BINS: usize = 15;

impl ReliabilityTable {
    /// Puts scores (0 to 1) into `bins` bins; a score of exactly 1 goes into the last one.
    ///
    /// # Errors
    /// No bin, or a score outside 0 to 1.
    pub fn of(scores: impl Iterator<Item = (f32, bool)>, bins: usize) -> Result<Self> {
        if bins == 0 {
            return Err(ConfigError::new("number of bins", bins, "must be at least 1; 15 is usual").into());
        }
        let mut sums = vec![(0_u64, 0.0, 0_u64); bins];
        for (index, (score, is_true)) in scores.enumerate() {
            check_probabilities(&[score], |_| format!("decision {index} (from 0)"))?;
            let bin = ((f64::from(score) * bins as f64) as usize).min(bins - 1);
            let (count, sum, hits) = &mut sums[bin];
            *count += 1;
            *sum += f64::from(score);
            *hits += u64::from(is_true);
        }
        let total: u64 = sums.iter().map(|s| s.0).sum();
        let mut error = 0.0;
        let bins = sums
            .into_iter()
            .enumerate()
            .map(|(i, (count, sum, hits))| {
                error += (sum - hits as f64).abs();
                let of = |x: f64| (count > 0).then(|| x / count as f64);
                ReliabilityBin {
                    from: i as f64 / bins as f64,
                    count,
                    score: of(sum),
                    share: of(hits as f64),
                }
            })
            .collect();
        Ok(Self {
            bins,
            ece: (total > 0).then(|| error / total as f64),
        })
    }
}

/// How good scores are as probabilities, and the decisions that thresholds make on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationQuality {
    /// Mean of `-ln` of the score given to the truth: to the clip's class where it has exactly one, else over all clips
    /// and classes.
    pub log_loss: Option<f64>,
    /// Brier score (Brier 1950): mean squared difference of scores and truth, summed over the classes of a clip where
    /// it has exactly one, else over all clips and classes.
    #[serde(default)]
    pub brier: Option<f64>,
    /// Expected calibration error: of the highest score of each clip where it has exactly one class, else of all
    /// scores.
    pub ece: Option<f64>,
    /// F1 of all decisions together.
    pub f1_micro: Option<f64>,
    /// Mean F1 over classes; classes without a true or tagged clip are left out.
    pub f1_macro: Option<f64>,
    /// What the expected calibration error is computed from.
    pub reliability: ReliabilityTable,
}

/// A score of 0 for the truth counts as this.
const EDGE: f64 = 1e-7;

impl CalibrationQuality {
    /// Evaluates scores (0 to 1), with the thresholds of each clip (`|clip| -> one per class`) for F1. With
    /// `single_label`, clips without a label are left out of loss and error.
    ///
    /// # Errors
    /// A score outside 0 to 1.
    pub fn of<'a>(
        clips: &Aligned,
        single_label: bool,
        thresholds: impl Fn(usize) -> &'a [f32],
    ) -> Result<Self> {
        let clamped = |p: f32| f64::from(p).clamp(EDGE, 1.0 - EDGE);
        let square = |(&p, &t): (&f32, &bool)| (f64::from(p) - f64::from(u8::from(t))).powi(2);
        let (log_loss, brier, reliability) = if single_label {
            let losses = clips.labelled().flat_map(|(scores, truth)| {
                let right = scores.iter().zip(truth).filter(|(_, t)| **t);
                right.map(|(&p, _)| -clamped(p).ln())
            });
            let tops = clips.labelled().filter_map(|(scores, truth)| {
                let class = *top_k(scores, 1).first()?;
                Some((scores[class], truth[class]))
            });
            let squares = clips
                .labelled()
                .map(|(scores, truth)| scores.iter().zip(truth).map(square).sum::<f64>());
            (
                mean(losses),
                mean(squares),
                ReliabilityTable::of(tops, RELIABILITY_BINS)?,
            )
        } else {
            let (scores, truth) = clips.values();
            let all = || scores.iter().copied().zip(truth.iter().copied());
            let losses = all().map(|(p, t)| -(if t { clamped(p) } else { 1.0 - clamped(p) }).ln());
            let squares = scores.iter().zip(truth).map(square);
            (
                mean(losses),
                mean(squares),
                ReliabilityTable::of(all(), RELIABILITY_BINS)?,
            )
        };
        let mut all = DecisionCounts::default();
        let mut counts = vec![all; clips.classes().len()];
        for (i, (scores, truth)) in clips.rows().enumerate() {
            let limits = thresholds(i);
            for (class, count) in counts.iter_mut().enumerate() {
                let tagged = scores[class] >= limits[class];
                count.add(tagged, truth[class]);
                all.add(tagged, truth[class]);
            }
        }
        Ok(Self {
            log_loss,
            brier,
            ece: reliability.ece,
            f1_micro: all.f1(),
            f1_macro: mean(counts.iter().filter_map(DecisionCounts::f1)),
            reliability,
        })
    }

    /// Whether these scores are better probabilities than the others: a smaller log loss, and a Brier score that is not
    /// larger.
    pub fn is_better_than(&self, other: &Self) -> bool {
        let both = |of: fn(&Self) -> Option<f64>| of(self).zip(of(other));
        both(|quality| quality.log_loss).is_some_and(|(own, theirs)| own < theirs)
            && both(|quality| quality.brier).is_some_and(|(own, theirs)| own <= theirs)
    }
}
