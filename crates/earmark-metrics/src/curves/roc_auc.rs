//! The area under the ROC curve.

use super::threshold_curve::ThresholdCurve;

impl ThresholdCurve {
    /// Area under the ROC curve: the probability that a positive scores above a negative, with a tie counting half. `None` unless there
    /// are both.
    pub fn roc_auc(&self) -> Option<f64> {
        let (positives, negatives) = (self.has_positives()?, self.none.true_negatives);
        let (mut above, mut wins) = (self.none, 0.0);
        for (_, counts) in &self.steps {
            let tied = (counts.false_positives - above.false_positives) as f64;
            let hits = (counts.true_positives - above.true_positives) as f64;
            // Every negative of this step loses to the positives above it and ties with those of the same step.
            wins += tied * (above.true_positives as f64 + hits / 2.0);
            above = *counts;
        }
        (negatives > 0).then(|| wins / (positives * negatives as f64))
    }
}
