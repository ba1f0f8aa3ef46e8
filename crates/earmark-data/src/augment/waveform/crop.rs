//! A fragment of a clip.

use serde::{Deserialize, Serialize};

use super::check_between;
use crate::setting::SettingError;
use earmark_core::random::{self, ChaCha8Rng};

/// Cuts a stretch of fixed length out of a clip, at a random place. Shorter clips get silence on both sides.
///
/// A recipe with this trains on one example a clip and epoch, and its front end hears the stretch alone, which saves time where
/// clips are long. starter-2018 cuts 8,000 samples at 44.1 kHz from clips with 4,000 zeros on both sides: `seconds = 0.181406,
/// margin-seconds = 0.090703`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoundCrop {
    /// Length of the stretch in seconds.
    pub seconds: f64,
    /// Silence put on both sides of every clip before the cut, in seconds.
    pub margin_seconds: f64,
}

impl Default for SoundCrop {
    fn default() -> Self {
        Self {
            seconds: 5.0,
            margin_seconds: 0.0,
        }
    }
}

/// A stretch as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The clip's sample that the stretch begins with; negative for silence in front.
    pub start: isize,
    /// Samples of the stretch.
    pub samples: usize,
}

impl SoundCrop {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_between(section, "seconds", self.seconds, 0.01, 3600.0)?;
        check_between(section, "margin-seconds", self.margin_seconds, 0.0, 3600.0)
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng, samples: usize, sample_rate_hz: u32) -> Cut {
        let rate = f64::from(sample_rate_hz);
        let wanted = ((self.seconds * rate).round_ties_even() as usize).max(1);
        let margin = (self.margin_seconds * rate).round_ties_even() as usize;
        let start = match (samples + 2 * margin).checked_sub(wanted) {
            Some(room) => random::below(rng, room + 1).cast_signed() - margin.cast_signed(),
            None => -((wanted - samples) / 2).cast_signed(),
        };
        Cut {
            start,
            samples: wanted,
        }
    }
}

impl Cut {
    /// The stretch: `samples` samples.
    pub fn apply(&self, clip: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.samples];
        let silent = (-self.start).max(0).cast_unsigned().min(self.samples);
        let from = self.start.max(0).cast_unsigned().min(clip.len());
        let length = (self.samples - silent).min(clip.len() - from);
        out[silent..silent + length].copy_from_slice(&clip[from..from + length]);
        out
    }
}
