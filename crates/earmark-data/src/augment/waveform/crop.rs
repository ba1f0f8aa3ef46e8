//! Cuts a fragment out of a clip.

use std::fmt;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{WaveformAugmentation, WaveformChange};
use crate::augment::bounds::check_between;

/// Cuts a fragment of fixed length out of a clip at a random place; shorter clips get silence on both sides. With this, a
/// recipe trains on one segment per clip and epoch, and the front end processes the fragment only, which saves time with
/// long clips.
// starter-2018 cuts 8,000 samples at 44.1 kHz from clips with 4,000 zeros on both sides: `seconds = 0.181406,
// margin-seconds = 0.090703`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WaveformCrop {
    /// Length of the fragment in seconds.
    pub seconds: f64,
    /// Silence added on both sides of every clip before the cut, in seconds.
    pub margin_seconds: f64,
}

impl Default for WaveformCrop {
    fn default() -> Self {
        Self {
            seconds: 5.0,
            margin_seconds: 0.0,
        }
    }
}

impl Check for WaveformCrop {
    fn check(&self) -> Result<(), ConfigError> {
        check_between("seconds", self.seconds, 0.01..=3600.0)?;
        check_between("margin-seconds", self.margin_seconds, 0.0..=3600.0)
    }
}

impl WaveformAugmentation for WaveformCrop {
    type Change = Cut;

    fn draw(&self, rng: &mut ChaCha8Rng, samples: usize, sample_rate_hz: u32) -> Option<Cut> {
        let rate = f64::from(sample_rate_hz);
        let wanted = ((self.seconds * rate).round_ties_even() as usize).max(1);
        let margin = (self.margin_seconds * rate).round_ties_even() as usize;
        let start = match (samples + 2 * margin).checked_sub(wanted) {
            Some(room) => random::below(rng, room + 1).cast_signed() - margin.cast_signed(),
            None => -((wanted - samples) / 2).cast_signed(),
        };
        Some(Cut {
            start,
            samples: wanted,
        })
    }

    fn crops(&self) -> bool {
        true
    }
}

/// A fragment as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The sample of the clip that the fragment begins with; negative for silence in front.
    pub start: isize,
    /// Number of samples.
    pub samples: usize,
}

impl WaveformChange for Cut {
    fn apply(&self, samples: Vec<f32>, _: u32) -> Vec<f32> {
        let mut out = vec![0.0; self.samples];
        let silent = (-self.start).max(0).cast_unsigned().min(self.samples);
        let from = self.start.max(0).cast_unsigned().min(samples.len());
        let length = (self.samples - silent).min(samples.len() - from);
        out[silent..silent + length].copy_from_slice(&samples[from..from + length]);
        out
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples from {}", self.samples, self.start)
    }
}
