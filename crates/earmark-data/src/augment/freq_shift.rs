//! Higher or lower, by whole bands: on a mel scale roughly a change of pitch.

use serde::{Deserialize, Serialize};

use super::shift::{ShiftFill, farthest, shift};
use super::{Shape, Spec};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Moves an example along frequency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FreqShift {
    /// Probability that an example is moved.
    pub prob: f64,
    /// Farthest move to either side, as a share of the bands of the example.
    pub max_share: f64,
    /// What comes in at the other end.
    pub fill: ShiftFill,
}

impl Default for FreqShift {
    fn default() -> Self {
        Self {
            prob: 0.5,
            max_share: 0.05,
            fill: ShiftFill::Min,
        }
    }
}

/// A move as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandShift {
    /// How many bands higher each band goes; negative is lower.
    pub bands: isize,
    /// What comes in.
    pub fill: ShiftFill,
}

impl FreqShift {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_share(section, "max-share", self.max_share)
    }

    /// Draws the move of one example of this shape.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape) -> BandShift {
        let fill = self.fill;
        if !random::chance(rng, self.prob) {
            return BandShift { bands: 0, fill };
        }
        let farthest = farthest(shape.bands, self.max_share);
        let bands = random::below(rng, 2 * farthest + 1).cast_signed() - farthest.cast_signed();
        BandShift { bands, fill }
    }
}

impl BandShift {
    /// Moves all frames and channels.
    pub fn apply(&self, spec: &mut Spec) {
        let (least, frames) = (spec.minimum(), spec.frames);
        spec.planes()
            .for_each(|plane| shift(plane, frames, self.bands, self.fill, least));
    }
}
