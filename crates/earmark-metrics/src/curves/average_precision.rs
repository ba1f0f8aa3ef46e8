//! Average precision: the area under the curve of precision over recall.

use super::threshold_curve::ThresholdCurve;

impl ThresholdCurve {
    /// Average precision: the sum over the steps of (gain in recall) x (precision), without interpolation, as scikit-learn's
    /// `average_precision_score`. `None` without positives.
    pub fn average_precision(&self) -> Option<f64> {
        let positives = self.has_positives()?;
        let (mut earlier, mut sum) = (0, 0.0);
        for (_, counts) in &self.steps {
            let gain = (counts.true_positives - earlier) as f64 / positives;
            sum += gain * counts.precision()?;
            earlier = counts.true_positives;
        }
        Some(sum)
    }
}
