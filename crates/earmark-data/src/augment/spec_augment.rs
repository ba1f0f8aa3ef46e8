//! Masks on both axes at once (SpecAugment: Park et al. 2019), as argus-2019 draws them.

use serde::{Deserialize, Serialize};

use super::mask::{MaskAxis, MaskValue, Masks, draw_stretch};
use super::{Shape, Spec};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Hides as many bands' stretches as frames' stretches: one number of masks is drawn for both axes.
///
/// argus-2019 draws a share and rounds it down, so that its widest mask comes up less often than the others; here each
/// width up to the widest is equally likely, as Park et al. have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SpecAugment {
    /// Fewest masks of each axis.
    pub min_masks: u32,
    /// Most masks of each axis.
    pub max_masks: u32,
    /// Widest mask of bands, as a share of all bands.
    pub max_band_share: f64,
    /// Widest mask of frames, as a share of all frames.
    pub max_frame_share: f64,
    /// What is written.
    pub value: MaskValue,
}

impl Default for SpecAugment {
    /// argus-2019's.
    fn default() -> Self {
        Self {
            min_masks: 1,
            max_masks: 2,
            max_band_share: 0.15,
            max_frame_share: 0.2,
            value: MaskValue::Min,
        }
    }
}

/// The masks of both axes, as drawn; one value is written into all.
#[derive(Clone, Debug, PartialEq)]
pub struct BothMasks {
    /// Bands hidden.
    pub bands: Masks,
    /// Frames hidden.
    pub frames: Masks,
    value: MaskValue,
}

impl SpecAugment {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "max-band-share", self.max_band_share)?;
        check_share(section, "max-frame-share", self.max_frame_share)?;
        if self.min_masks > self.max_masks {
            let remedy = format!("must not be above max-masks = {}", self.max_masks);
            return Err(SettingError::new(section, "min-masks", self.min_masks, remedy));
        }
        if self.max_masks > 100 {
            return Err(SettingError::new(
                section,
                "max-masks",
                self.max_masks,
                "must be 100 or less",
            ));
        }
        self.value.check(section)
    }

    /// Draws the masks of one example of this shape.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape) -> BothMasks {
        let more = self.max_masks.saturating_sub(self.min_masks) as usize;
        let (mut bands, mut frames) = (Vec::new(), Vec::new());
        for _ in 0..self.min_masks as usize + random::below(rng, more + 1) {
            bands.extend(draw_stretch(rng, self.max_band_share, shape.bands));
            frames.extend(draw_stretch(rng, self.max_frame_share, shape.frames));
        }
        BothMasks::new(bands, frames, self.value)
    }
}

impl BothMasks {
    /// Masks at these stretches `(start, end)` of bands and of frames.
    pub fn new(bands: Vec<(usize, usize)>, frames: Vec<(usize, usize)>, value: MaskValue) -> Self {
        Self {
            bands: Masks::new(MaskAxis::Band, bands, value),
            frames: Masks::new(MaskAxis::Frame, frames, value),
            value,
        }
    }

    /// Writes the masks, all with the value of the example as it was before the first.
    pub fn apply(&self, spec: &mut Spec) {
        let value = self.value.of(spec.data);
        self.bands.fill(spec, value);
        self.frames.fill(spec, value);
    }
}
