//! Masks on both axes at once (SpecAugment: Park et al. 2019), as argus-2019 draws them.

use std::borrow::Cow;

use earmark_core::{Check, ConfigError};
use earmark_features::Features;

use super::axis::Axis;
use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange};
use super::masks::{MaskValue, Masks, draw_count, draw_range};
use crate::augment::bounds::check_masks;
use crate::settings::settings;

settings! {
    /// Masks bands and frames, the same number of each.
    // Quirk(argus-2019): it draws a share and rounds it down, so its widest mask is drawn less often than the others; here
    // each width up to the widest is equally likely, as in Park et al. The defaults are argus-2019's.
    pub struct SpecAugment {
        /// Smallest number of masks on each axis.
        pub min_masks: u32 = 1,
        /// Largest number of masks on each axis.
        pub max_masks: u32 = 2,
        /// Width of the widest mask of bands, as a share of all bands.
        pub max_band_share: f64 = 0.15,
        /// Width of the widest mask of frames, as a share of all frames.
        pub max_frame_share: f64 = 0.2,
        /// The value written into masks.
        pub value: MaskValue = MaskValue::Min,
    }
}

impl Check for SpecAugment {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("max-band-share", self.max_band_share)?;
        ConfigError::check_share("max-frame-share", self.max_frame_share)?;
        check_masks(self.min_masks, self.max_masks)?;
        self.value.check()
    }
}

impl SpectrogramAugmentation for SpecAugment {
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let (shape, rng) = (drawing.shape, &mut *drawing.rng);
        let (mut bands, mut frames) = (Vec::new(), Vec::new());
        for _ in 0..draw_count(rng, self.min_masks, self.max_masks) {
            bands.extend(draw_range(rng, self.max_band_share, shape.bands));
            frames.extend(draw_range(rng, self.max_frame_share, shape.frames));
        }
        let nothing = bands.is_empty() && frames.is_empty();
        drawing.push((!nothing).then(|| BothMasks::new(bands, frames, self.value)));
    }
}

/// The masks of both axes, as drawn; all get the same value.
#[derive(Clone, Debug, derive_more::Display, PartialEq)]
#[display("{bands}, {frames}")]
pub struct BothMasks {
    /// Masked bands.
    pub bands: Masks,
    /// Masked frames.
    pub frames: Masks,
}

impl BothMasks {
    /// Masks at these ranges `(start, end)` of bands and of frames.
    pub fn new(bands: Vec<(usize, usize)>, frames: Vec<(usize, usize)>, value: MaskValue) -> Self {
        let masks = |axis, ranges| Masks { axis, ranges, value };
        Self {
            bands: masks(Axis::Frequency, bands),
            frames: masks(Axis::Time, frames),
        }
    }
}

impl SpectrogramChange for BothMasks {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let value = self.bands.value.of(&features.data);
        let features = features.to_mut();
        self.bands.fill(features, value);
        self.frames.fill(features, value);
    }
}
