//! Backwards in time, or upside down.

use serde::{Deserialize, Serialize};

use super::Spec;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Turns time around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlipTime {
    /// Probability that an example is turned.
    pub prob: f64,
}

/// Turns frequency around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlipFreq {
    /// Probability that an example is turned.
    pub prob: f64,
}

impl Default for FlipTime {
    fn default() -> Self {
        Self { prob: 0.5 }
    }
}

impl Default for FlipFreq {
    fn default() -> Self {
        Self { prob: 0.5 }
    }
}

impl FlipTime {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)
    }

    /// Draws whether one example is turned.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> bool {
        random::chance(rng, self.prob)
    }

    /// Turns all rows around.
    pub fn apply(spec: &mut Spec) {
        spec.rows().for_each(<[f32]>::reverse);
    }
}

impl FlipFreq {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)
    }

    /// Draws whether one example is turned.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> bool {
        random::chance(rng, self.prob)
    }

    /// Puts the bands of each channel into the opposite order.
    pub fn apply(spec: &mut Spec) {
        let (bands, frames) = (spec.bands, spec.frames);
        for plane in spec.planes() {
            for band in 0..bands / 2 {
                let (low, high) = plane.split_at_mut((bands - 1 - band) * frames);
                low[band * frames..][..frames].swap_with_slice(&mut high[..frames]);
            }
        }
    }
}
