//! Earlier or later.

use serde::{Deserialize, Serialize};

use super::shift::{ShiftFill, farthest, shift};
use super::{Shape, Spec};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Moves an example in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TimeShift {
    /// Probability that an example is moved.
    pub prob: f64,
    /// Farthest move to either side, as a share of the frames of the example.
    pub max_share: f64,
    /// What comes in at the other end.
    pub fill: ShiftFill,
}

impl Default for TimeShift {
    fn default() -> Self {
        Self {
            prob: 0.5,
            max_share: 0.5,
            fill: ShiftFill::Wrap,
        }
    }
}

/// A move as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// How many frames later each frame comes; negative is earlier.
    pub frames: isize,
    /// What comes in.
    pub fill: ShiftFill,
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

    /// Draws the move of one example of this shape.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape) -> Shift {
        let fill = self.fill;
        if !random::chance(rng, self.prob) || shape.frames == 0 {
            return Shift { frames: 0, fill };
        }
        let farthest = farthest(shape.frames, self.max_share);
        // From `farthest` earlier to `farthest` later.
        let frames = random::below(rng, 2 * farthest + 1).cast_signed() - farthest.cast_signed();
        Shift { frames, fill }
    }
}

impl Shift {
    /// Moves all bands and channels.
    pub fn apply(&self, spec: &mut Spec) {
        let least = spec.minimum();
        spec.rows()
            .for_each(|row| shift(row, 1, self.frames, self.fill, least));
    }
}
