//! Louder or softer.

use std::fmt;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{WaveformAugmentation, WaveformChange};
use crate::augment::bounds::check_gains;

/// Multiplies the samples by a random gain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WaveformGain {
    /// Probability that a clip is changed.
    pub prob: f64,
    /// Lowest gain in decibels.
    pub min_db: f64,
    /// Highest gain in decibels.
    pub max_db: f64,
}

impl Default for WaveformGain {
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_db: -6.0,
            max_db: 6.0,
        }
    }
}

impl Check for WaveformGain {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        check_gains(self.min_db, self.max_db, 60.0)
    }
}

impl WaveformAugmentation for WaveformGain {
    type Change = Amplify;

    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, _: u32) -> Option<Amplify> {
        let drawn = random::chance(rng, self.prob);
        let db = random::uniform(rng, self.min_db, self.max_db);
        drawn.then(|| Amplify(libm::pow(10.0, db / 20.0) as f32))
    }
}

/// A factor on all samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amplify(pub f32);

impl WaveformChange for Amplify {
    fn apply(&self, samples: Vec<f32>, _: u32) -> Vec<f32> {
        samples.into_iter().map(|sample| sample * self.0).collect()
    }
}

impl fmt::Display for Amplify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.1} dB", 20.0 * self.0.log10())
    }
}
