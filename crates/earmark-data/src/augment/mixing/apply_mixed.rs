//! Mixes a segment with its partner, values and labels, as was drawn.

use super::mixed::{MixLabels, Mixed};
use super::mixup::blend;
use super::sigmoid_concat::concat;

impl Mixed {
    /// Mixes a partner into a segment: features with rows of `frames` values, and targets. Returns the share of the segment,
    /// averaged over all frames.
    pub fn apply(
        self,
        frames: usize,
        (x, y): (&mut [f32], &mut [f32]),
        (other_x, other_y): (&[f32], &[f32]),
    ) -> f32 {
        let (weight, labels) = match self {
            Self::Alone => return 1.0,
            Self::Blend { weight, labels } => {
                blend(x, other_x, weight);
                (weight, labels)
            }
            Self::SigmoidConcat { half_range, labels } => (concat(half_range, frames, x, other_x), labels),
        };
        match labels {
            MixLabels::Blend => blend(y, other_y, weight),
            MixLabels::Union => y
                .iter_mut()
                .zip(other_y)
                .for_each(|(y, other)| *y = (*y + other).clamp(0.0, 1.0)),
        }
        weight
    }
}
