//! One sound after the other, with a smooth transition (argus-2019).

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};

use super::interface::MixerKind;
use super::mixed::{MixLabels, Mixed};
use crate::settings::settings;

settings! {
    /// Begins with the partner and ends with the segment.
    pub struct SigmoidConcat {
        /// Smallest half range of the sigmoid's argument over the segment, a whole number: the slowest transition.
        pub min_half_range: u32 = 3,
        /// Largest half range: the quickest transition.
        pub max_half_range: u32 = 12,
        /// What becomes of the labels.
        pub labels: MixLabels = MixLabels::Union,
    }
}

impl Check for SigmoidConcat {
    fn check(&self) -> Result<(), ConfigError> {
        let (least, most) = (self.min_half_range, self.max_half_range);
        ConfigError::check_range("max-half-range", most, 1..=1000, "must be between 1 and 1000")?;
        let remedy = format!("must be between 1 and max-half-range = {most}");
        ConfigError::check_range("min-half-range", least, 1..=most, &remedy)
    }
}

impl MixerKind for SigmoidConcat {
    fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        let more = self.max_half_range.saturating_sub(self.min_half_range) as usize;
        Mixed::SigmoidConcat {
            half_range: (self.min_half_range as usize + random::below(rng, more + 1)) as f32,
            labels: self.labels,
        }
    }
}

/// Makes the transition from the partner to the segment, in rows of `frames` values. Returns the share of the segment, averaged
/// over all frames.
pub(super) fn concat(half_range: f32, frames: usize, x: &mut [f32], other_x: &[f32]) -> f32 {
    let weights = sigmoid(half_range, frames);
    let frames = frames.max(1);
    let rows = x.chunks_exact_mut(frames).zip(other_x.chunks_exact(frames));
    for (row, other) in rows {
        for ((value, other), weight) in row.iter_mut().zip(other).zip(&weights) {
            *value = weight * *value + (1.0 - weight) * other;
        }
    }
    weights.iter().sum::<f32>() / frames as f32
}

/// What each frame of a segment keeps of itself.
fn sigmoid(half_range: f32, frames: usize) -> Vec<f32> {
    let (range, frames_f) = (f64::from(half_range), frames as f64);
    (0..frames)
        .map(|t| (1.0 / (1.0 + libm::exp(range - 2.0 * range * t as f64 / frames_f))) as f32)
        .collect()
}
