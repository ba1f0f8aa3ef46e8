//! One class's scores against its truth, at every threshold that makes a difference.

use super::DecisionCounts;
use crate::confusion_matrix::class_past_the_end;
use crate::error::{check_finite, check_length};
use crate::{Aligned, Result};

/// What the decision `score >= threshold` finds at every distinct score, from the highest down.
///
/// Average precision, ROC AUC and F1 at any threshold follow from it, so they share one rule for ties: equal scores are
/// decided together.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdCurve {
    steps: Vec<CurveStep>,
    positives: u64,
    negatives: u64,
}

/// Clips that score at least `score`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CurveStep {
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
    /// Sorts one class's `scores` of clips; `truth` marks the clips that carry the class.
    ///
    /// # Errors
    /// Slices of different lengths, or a score that is not finite.
    pub fn new(scores: &[f32], truth: &[bool]) -> Result<Self> {
        check_length("truth, one mark per score", scores.len(), truth.len())?;
        check_finite(scores, |index| format!("clip {index} (from 0)"))?;
        let mut sorted: Vec<(f32, bool)> = scores.iter().copied().zip(truth.iter().copied()).collect();
        sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut steps: Vec<CurveStep> = Vec::new();
        let (mut hits, mut false_alarms) = (0, 0);
        for (score, is_true) in sorted {
            if is_true {
                hits += 1;
            } else {
                false_alarms += 1;
            }
            let step = CurveStep {
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

    /// Area under the ROC curve: the probability that a positive scores above a negative, with a tie counting half. `None` unless there
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
            // Every negative of this step loses to the positives above it and ties with those of the same step.
            wins += tied * (hits as f64 + (step.hits - hits) as f64 / 2.0);
            (hits, false_alarms) = (step.hits, step.false_alarms);
        }
        Some(wins / (positives * self.negatives as f64))
    }

    /// The decision `score >= threshold`, counted.
    pub fn at(&self, threshold: f32) -> DecisionCounts {
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

    fn counts(&self, hits: u64, false_alarms: u64) -> DecisionCounts {
        DecisionCounts {
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

impl Aligned {
    /// The threshold curve of class `class` (from 0): average precision, AUC, F1 at any threshold.
    ///
    /// # Errors
    /// A class past the end.
    pub fn curve(&self, class: usize) -> Result<ThresholdCurve> {
        if class >= self.classes().len() {
            return Err(class_past_the_end(class).into());
        }
        let column = self.rows().map(|(scores, truth)| (scores[class], truth[class]));
        let (scores, truth): (Vec<f32>, Vec<bool>) = column.unzip();
        ThresholdCurve::new(&scores, &truth)
    }

    /// One threshold curve of all clips and classes together ("micro").
    ///
    /// # Errors
    /// None in practice: the scores have been checked.
    pub fn micro_curve(&self) -> Result<ThresholdCurve> {
        let (scores, truth) = self.values();
        ThresholdCurve::new(scores, truth)
    }
}
