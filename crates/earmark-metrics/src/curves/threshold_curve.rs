//! One class's scores against its truth, at every threshold that makes a difference.

use super::precision_recall_f1::DecisionCounts;
use crate::confusion_matrix::class_past_the_end;
use crate::error::{check_finite, check_length};
use crate::{Aligned, Result};

/// What the decision `score >= threshold` finds at every distinct score, from the highest down.
///
/// Average precision, ROC AUC and F1 at any threshold follow from it, so they share one rule for ties: equal scores are
/// decided together.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdCurve {
    /// Each distinct score, and the decisions where it is the threshold.
    pub(super) steps: Vec<(f32, DecisionCounts)>,
    /// The decisions where no clip is tagged.
    pub(super) none: DecisionCounts,
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
        let none = DecisionCounts::of(scores, truth, f32::INFINITY);
        let (mut steps, mut counts): (Vec<(f32, DecisionCounts)>, _) = (Vec::new(), none);
        for (score, is_true) in sorted {
            let (tagged, left) = match is_true {
                true => (&mut counts.true_positives, &mut counts.false_negatives),
                false => (&mut counts.false_positives, &mut counts.true_negatives),
            };
            (*tagged, *left) = (*tagged + 1, *left - 1);
            match steps.last_mut() {
                Some(last) if last.0 == score => *last = (score, counts),
                _ => steps.push((score, counts)),
            }
        }
        Ok(Self { steps, none })
    }

    /// Clips that carry the class.
    pub fn positives(&self) -> u64 {
        self.none.false_negatives
    }

    /// The decision `score >= threshold`, counted.
    pub fn at(&self, threshold: f32) -> DecisionCounts {
        let (above, _) = self.steps.split_at(self.first_below(threshold));
        above.last().map_or(self.none, |(_, counts)| *counts)
    }

    /// The highest score below `threshold`; `None` where all are above.
    pub fn next_below(&self, threshold: f32) -> Option<f32> {
        self.steps.get(self.first_below(threshold)).map(|step| step.0)
    }

    /// The first step whose score is below `threshold`.
    fn first_below(&self, threshold: f32) -> usize {
        self.steps.partition_point(|step| step.0 >= threshold)
    }

    /// Their number, if there are any.
    pub(super) fn has_positives(&self) -> Option<f64> {
        (self.positives() > 0).then_some(self.positives() as f64)
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
