//! Louder or softer.

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};

use super::interface::{WaveformAugmentation, WaveformChange, when};
use crate::augment::bounds::check_gains;
use crate::settings::settings;

settings! {
    /// Multiplies the samples by a random gain.
    pub struct WaveformGain {
        /// Probability that a clip is changed.
        pub prob: f64 = 0.5,
        /// Lowest gain in decibels.
        pub min_db: f64 = -6.0,
        /// Highest gain in decibels.
        pub max_db: f64 = 6.0,
    }
}

impl Check for WaveformGain {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        check_gains(self.min_db, self.max_db, 60.0)
    }
}

impl WaveformAugmentation for WaveformGain {
    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, _: u32) -> Option<Box<dyn WaveformChange>> {
        let drawn = random::chance(rng, self.prob);
        let db = random::uniform(rng, self.min_db, self.max_db);
        when(drawn, Amplify(libm::pow(10.0, db / 20.0) as f32))
    }
}

/// A factor on all samples.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("{:+.1} dB", 20.0 * _0.log10())]
pub struct Amplify(pub f32);

impl WaveformChange for Amplify {
    fn apply(&self, samples: Vec<f32>, _: u32) -> Vec<f32> {
        samples.into_iter().map(|sample| sample * self.0).collect()
    }
}
