//! Bands of frequency hidden (SpecAugment: Park et al. 2019, "SpecAugment: A Simple Data Augmentation Method for ASR").

use serde::{Deserialize, Serialize};

use super::Shape;
use super::mask::{MaskAxis, MaskDraw, MaskValue, Masks};
use crate::setting::SettingError;
use earmark_core::random::ChaCha8Rng;

/// Bands of frequency hidden: a few masks per example, each over all frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FreqMask {
    /// Probability that an example is masked at all.
    pub prob: f64,
    /// Fewest masks of a masked example.
    pub min_masks: u32,
    /// Most masks of a masked example.
    pub max_masks: u32,
    /// Widest mask, as a share of the bands of the example.
    pub max_share: f64,
    /// What is written.
    pub value: MaskValue,
}

impl Default for FreqMask {
    /// argus-2019's numbers, with the mean as the value.
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_masks: 1,
            max_masks: 2,
            max_share: 0.15,
            value: MaskValue::Mean,
        }
    }
}

impl FreqMask {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        self.settings().check(section)
    }

    /// Draws the masks of one example of this shape.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape) -> Masks {
        self.settings().draw(rng, MaskAxis::Band, shape.bands)
    }

    fn settings(&self) -> MaskDraw {
        let Self {
            prob,
            min_masks,
            max_masks,
            max_share,
            value,
        } = *self;
        MaskDraw {
            prob,
            min_masks,
            max_masks,
            max_share,
            value,
        }
    }
}
