//! The threshold of each class: the calibrated score with the best F1.

use crate::{Aligned, Result, ThresholdCurve};

/// F1-best thresholds on calibrated scores, halfway between the lowest score that is tagged and the highest that is not.
pub(super) fn thresholds(clips: &Aligned, min_examples: usize) -> Result<Vec<f32>> {
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
