//! One class's scores against its truth, at every threshold that makes a difference.

use crate::error::check_length;
use crate::threshold::Counts;
use crate::{MetricsError, Result};

/// What the decision `score >= threshold` finds at every distinct score, from the highest down.
///
/// Average precision, ROC AUC and F1 at any threshold all follow from it, and so share one rule for ties: equal scores
/// are decided together.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdCurve {
    steps: Vec<Step>,
    positives: u64,
    negatives: u64,
}

/// Clips that score at least `score`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    score: f32,
    hits: u64,
    false_alarms: u64,
}

/// The threshold with the highest F1 on the clips it was chosen on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThreshold {
    /// Tag a clip whose score is at least this.
    pub threshold: f32,
    /// F1 at this threshold, 0 to 1. Optimistic: other clips will give less.
    pub f1: f64,
}

impl ThresholdCurve {
    /// Sorts one class's `scores` of clips, with `truth` telling which clips carry the class.
    ///
    /// # Errors
    /// Slices of different lengths, or a score that is not finite.
    pub fn new(scores: &[f32], truth: &[bool]) -> Result<Self> {
        check_length("truth, one mark a score", scores.len(), truth.len())?;
        if let Some(index) = scores.iter().position(|score| !score.is_finite()) {
            return Err(MetricsError::NotFinite {
                place: format!("clip {index} (from 0)"),
                value: scores[index],
            });
        }
        let mut sorted: Vec<(f32, bool)> = scores.iter().copied().zip(truth.iter().copied()).collect();
        sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut steps: Vec<Step> = Vec::new();
        let (mut hits, mut false_alarms) = (0, 0);
        for (score, is_true) in sorted {
            if is_true {
                hits += 1;
            } else {
                false_alarms += 1;
            }
            let step = Step {
                score,
                hits,
                false_alarms,
            };
            match steps.last_mut() {
                Some(last) if last.score == score => *last = step,
                _ => steps.push(step),
            }
        }
        Ok(Self {
            steps,
            positives: hits,
            negatives: false_alarms,
        })
    }

    /// Clips that carry the class.
    pub fn positives(&self) -> u64 {
        self.positives
    }

    /// Average precision: the sum over the steps of (gain in recall) x (precision), without interpolation, as scikit-learn's
    /// `average_precision_score`. `None` without positives.
    pub fn average_precision(&self) -> Option<f64> {
        let positives = self.has_positives()?;
        let mut earlier = 0;
        let mut sum = 0.0;
        for step in &self.steps {
            let precision = step.hits as f64 / (step.hits + step.false_alarms) as f64;
            sum += (step.hits - earlier) as f64 / positives * precision;
            earlier = step.hits;
        }
        Some(sum)
    }

    /// Area under the ROC curve: the chance that a positive scores above a negative, a tie counting half. `None` unless there
    /// are both.
    pub fn roc_auc(&self) -> Option<f64> {
        let positives = self.has_positives()?;
        if self.negatives == 0 {
            return None;
        }
        let (mut hits, mut false_alarms) = (0, 0);
        let mut wins = 0.0;
        for step in &self.steps {
            let tied = (step.false_alarms - false_alarms) as f64;
            // Every negative of this step loses to the positives above it and ties with those beside it.
            wins += tied * (hits as f64 + (step.hits - hits) as f64 / 2.0);
            (hits, false_alarms) = (step.hits, step.false_alarms);
        }
        Some(wins / (positives * self.negatives as f64))
    }

    /// The decision `score >= threshold`, counted.
    pub fn at(&self, threshold: f32) -> Counts {
        let below = self.steps.partition_point(|step| step.score >= threshold);
        let (hits, false_alarms) = below.checked_sub(1).map_or((0, 0), |last| {
            (self.steps[last].hits, self.steps[last].false_alarms)
        });
        self.counts(hits, false_alarms)
    }

    /// The threshold with the highest F1; of equally good ones the highest, which tags least. `None` without positives.
    pub fn best_threshold(&self) -> Option<BestThreshold> {
        self.has_positives()?;
        let mut best: Option<BestThreshold> = None;
        for step in &self.steps {
            let f1 = self.counts(step.hits, step.false_alarms).f1().unwrap_or(0.0);
            if best.is_none_or(|best| f1 > best.f1) {
                best = Some(BestThreshold {
                    threshold: step.score,
                    f1,
                });
            }
        }
        best
    }

    /// The highest score below `threshold`; `None` where there is none.
    pub fn next_below(&self, threshold: f32) -> Option<f32> {
        let below = self.steps.partition_point(|step| step.score >= threshold);
        self.steps.get(below).map(|step| step.score)
    }

    fn counts(&self, hits: u64, false_alarms: u64) -> Counts {
        Counts {
            true_positives: hits,
            false_positives: false_alarms,
            false_negatives: self.positives - hits,
            true_negatives: self.negatives - false_alarms,
        }
    }

    fn has_positives(&self) -> Option<f64> {
        (self.positives > 0).then_some(self.positives as f64)
    }
}

/// Average precision of one class; `None` if no clip carries it. See [`ThresholdCurve::average_precision`].
///
/// # Errors
/// Slices of different lengths, or a score that is not finite.
pub fn average_precision(scores: &[f32], truth: &[bool]) -> Result<Option<f64>> {
    Ok(ThresholdCurve::new(scores, truth)?.average_precision())
}

/// Area under the ROC curve of one class; `None` unless some clips carry it and some do not. See [`ThresholdCurve::roc_auc`].
///
/// # Errors
/// Slices of different lengths, or a score that is not finite.
pub fn roc_auc(scores: &[f32], truth: &[bool]) -> Result<Option<f64>> {
    Ok(ThresholdCurve::new(scores, truth)?.roc_auc())
}
