//! The threshold with the highest F1.

use super::threshold_curve::ThresholdCurve;

/// The threshold with the highest F1 on the clips it was chosen on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThreshold {
    /// Tag a clip whose score is at least this.
    pub threshold: f32,
    /// F1 at this threshold, 0 to 1. Optimistic: other clips will give less.
    pub f1: f64,
}

impl ThresholdCurve {
    /// The threshold with the highest F1; of equally good ones the highest, which tags least. `None` without positives.
    pub fn best_threshold(&self) -> Option<BestThreshold> {
        self.has_positives()?;
        let scored = self.steps.iter().map(|&(threshold, counts)| BestThreshold {
            threshold,
            f1: counts.f1().unwrap_or(0.0),
        });
        scored.reduce(|best, next| if next.f1 > best.f1 { next } else { best })
    }
}
