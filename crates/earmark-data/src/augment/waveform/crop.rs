//! Cuts a fragment out of a clip.

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};

use super::interface::{WaveformAugmentation, WaveformChange};
use crate::augment::bounds::check_between;
use crate::settings::settings;

settings! {
    /// Cuts a fragment of fixed length out of a clip at a random place; shorter clips get silence on both sides. With this, a
    /// recipe trains on one segment per clip and epoch, and the front end processes the fragment only, which saves time with
    /// long clips.
    // starter-2018 cuts 8,000 samples at 44.1 kHz from clips with 4,000 zeros on both sides: `seconds = 0.181406,
    // margin-seconds = 0.090703`.
    pub struct WaveformCrop {
        /// Length of the fragment in seconds.
        pub seconds: f64 = 5.0,
        /// Silence added on both sides of every clip before the cut, in seconds.
        pub margin_seconds: f64 = 0.0,
    }
}

impl Check for WaveformCrop {
    fn check(&self) -> Result<(), ConfigError> {
        check_between("seconds", self.seconds, 0.01..=3600.0)?;
        check_between("margin-seconds", self.margin_seconds, 0.0..=3600.0)
    }
}

impl WaveformAugmentation for WaveformCrop {
    fn draw(&self, rng: &mut ChaCha8Rng, samples: usize, rate_hz: u32) -> Option<Box<dyn WaveformChange>> {
        let in_samples = |seconds: f64| (seconds * f64::from(rate_hz)).round_ties_even() as usize;
        let (wanted, margin) = (in_samples(self.seconds).max(1), in_samples(self.margin_seconds));
        let start = match (samples + 2 * margin).checked_sub(wanted) {
            Some(room) => random::below(rng, room + 1).cast_signed() - margin.cast_signed(),
            None => -((wanted - samples) / 2).cast_signed(),
        };
        Some(Box::new(Cut {
            start,
            samples: wanted,
        }))
    }

    fn crops(&self) -> bool {
        true
    }
}

/// A fragment as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq, Eq)]
#[display("{samples} samples from {start}")]
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
