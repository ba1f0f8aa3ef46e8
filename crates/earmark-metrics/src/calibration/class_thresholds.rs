//! The threshold of each class: the calibrated score with the best F1.

use super::background::guarded_threshold;
use super::options::CalibrationOptions;
use crate::{Aligned, Result, ThresholdCurve};

/// F1-best thresholds on calibrated scores, halfway between the lowest score that is tagged and the highest that is not; where false
/// detections in background count for more, as [`guarded_threshold`] finds them.
pub(super) fn thresholds(clips: &Aligned, options: CalibrationOptions) -> Result<Vec<f32>> {
    let halfway = |curve: &ThresholdCurve| {
        let best = curve.best_threshold()?.threshold;
        let next = curve.next_below(best);
        Some(next.map_or(best / 2.0, |next| best / 2.0 + next / 2.0))
    };
    let weight = options.background_weight;
    let guarded = weight != 1.0;
    let together = match guarded {
        true => guarded_threshold(clips, None, weight),
        false => halfway(&clips.micro_curve()?),
    };
    let together = together.unwrap_or(0.5);
    (0..clips.classes().len())
        .map(|class| {
            let curve = clips.curve(class)?;
            let enough = curve.positives() >= options.min_examples as u64;
            let own = match guarded {
                true => guarded_threshold(clips, Some(class), weight),
                false => halfway(&curve),
            };
            Ok(own.filter(|_| enough).unwrap_or(together))
        })
        .collect()
}
