//! One sound after the other, with a smooth passage (argus-2019).

use serde::{Deserialize, Serialize};

use super::{MixLabels, Mixed};
use crate::setting::SettingError;
use earmark_core::random::{self, ChaCha8Rng};

/// Begins with the partner and ends with the example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SigmoidConcat {
    /// Least half range of the sigmoid's argument over the example, a whole number: the slowest passage.
    pub min_half_range: u32,
    /// Greatest half range: the quickest passage.
    pub max_half_range: u32,
    /// What becomes of the labels.
    pub labels: MixLabels,
}

impl Default for SigmoidConcat {
    fn default() -> Self {
        Self {
            min_half_range: 3,
            max_half_range: 12,
            labels: MixLabels::Union,
        }
    }
}

impl SigmoidConcat {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        if !(1..=1000).contains(&self.max_half_range) {
            return Err(SettingError::new(
                section,
                "max-half-range",
                self.max_half_range,
                "must be between 1 and 1000",
            ));
        }
        if !(1..=self.max_half_range).contains(&self.min_half_range) {
            let remedy = format!("must be between 1 and max-half-range = {}", self.max_half_range);
            return Err(SettingError::new(
                section,
                "min-half-range",
                self.min_half_range,
                remedy,
            ));
        }
        Ok(())
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Mixed {
        let more = self.max_half_range.saturating_sub(self.min_half_range) as usize;
        Mixed::SigmoidConcat {
            half_range: (self.min_half_range as usize + random::below(rng, more + 1)) as f32,
            labels: self.labels,
        }
    }
}

/// What each frame of an example keeps of itself.
pub(super) fn ramp(half_range: f32, frames: usize) -> Vec<f32> {
    let (range, frames_f) = (f64::from(half_range), frames as f64);
    (0..frames)
        .map(|t| (1.0 / (1.0 + libm::exp(range - 2.0 * range * t as f64 / frames_f))) as f32)
        .collect()
}
