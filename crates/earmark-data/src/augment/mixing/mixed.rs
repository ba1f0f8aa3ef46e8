//! How two segments and their labels are mixed, as drawn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of the labels of two segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MixLabels {
    /// Each counts as much as its segment does.
    #[default]
    Blend,
    /// Both count in full: the sum, at most 1.
    Union,
}

/// How one segment is mixed with its partner, as drawn. It displays as a few words for the caption of a picture; empty
/// where nothing is mixed.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
pub enum Mixed {
    /// Not at all.
    #[display("")]
    Alone,
    /// `weight a + (1 - weight) b`, everywhere.
    #[display("blended, {:.0} % its own", 100.0 * weight)]
    Blend {
        /// The share of the segment.
        weight: f32,
        /// What becomes of the labels.
        labels: MixLabels,
    },
    /// From the partner to the segment along time: frame `t` of `n` keeps `sigmoid(r (2 t / n - 1))` of itself.
    #[display("after another, half range {half_range:.0}")]
    SigmoidConcat {
        /// Half the range of the sigmoid's argument, `r`: the larger, the shorter the transition.
        half_range: f32,
        /// What becomes of the labels.
        labels: MixLabels,
    },
}

impl Mixed {
    /// Whether no partner is needed.
    pub fn is_alone(self) -> bool {
        match self {
            Self::Alone => true,
            Self::Blend { weight, .. } => weight == 1.0,
            Self::SigmoidConcat { .. } => false,
        }
    }

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
            Self::SigmoidConcat { half_range, labels } => {
                let weights = sigmoid(half_range, frames);
                let frames = frames.max(1);
                let rows = x.chunks_exact_mut(frames).zip(other_x.chunks_exact(frames));
                for (row, other) in rows {
                    for ((value, other), weight) in row.iter_mut().zip(other).zip(&weights) {
                        *value = weight * *value + (1.0 - weight) * other;
                    }
                }
                (weights.iter().sum::<f32>() / frames as f32, labels)
            }
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

/// `a = weight a + (1 - weight) b`.
pub(crate) fn blend(a: &mut [f32], b: &[f32], weight: f32) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = weight * *a + (1.0 - weight) * b;
    }
}

/// What each frame of a segment keeps of itself.
fn sigmoid(half_range: f32, frames: usize) -> Vec<f32> {
    let (range, frames_f) = (f64::from(half_range), frames as f64);
    (0..frames)
        .map(|t| (1.0 / (1.0 + libm::exp(range - 2.0 * range * t as f64 / frames_f))) as f32)
        .collect()
}
