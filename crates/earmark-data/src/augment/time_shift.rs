//! A roll along time: what leaves at one end comes in at the other.

use serde::{Deserialize, Serialize};

use super::Spec;
use crate::rng::{self, ChaCha8Rng};
use crate::setting::{SettingError, check_share};

/// Moves an example in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TimeShift {
    /// Probability that an example is moved.
    pub prob: f64,
    /// Farthest move to either side, as a share of the frames of the example.
    pub max_share: f64,
}

impl Default for TimeShift {
    fn default() -> Self {
        Self {
            prob: 0.5,
            max_share: 0.5,
        }
    }
}

/// A move as drawn: how many frames later each frame comes, in `0..frames`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Frames.
    pub frames: usize,
}

impl TimeShift {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_share(section, "max-share", self.max_share)
    }

    /// Draws the move of one example of the shape of `spec`.
    pub fn draw(&self, rng: &mut ChaCha8Rng, spec: &Spec) -> Shift {
        if !rng::chance(rng, self.prob) || spec.frames == 0 {
            return Shift { frames: 0 };
        }
        let farthest = ((spec.frames as f64 * self.max_share).floor() as usize).min(spec.frames);
        // From `farthest` earlier to `farthest` later; earlier by k is later by frames - k.
        let offset = rng::below(rng, 2 * farthest + 1);
        Shift {
            frames: (spec.frames - farthest + offset) % spec.frames,
        }
    }
}

impl Shift {
    /// Moves all bands and channels.
    pub fn apply(&self, spec: &mut Spec) {
        if self.frames > 0 {
            spec.rows().for_each(|row| row.rotate_right(self.frames));
        }
    }
}
