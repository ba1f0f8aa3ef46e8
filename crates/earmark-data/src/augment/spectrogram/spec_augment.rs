//! SpecAugment: masks in time, in frequency, or on both axes at once; how many, how wide and where (Park et al. 2019,
//! "SpecAugment: A Simple Data Augmentation Method for ASR").

use std::borrow::Cow;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use earmark_features::Features;

use super::axis::Axis;
use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange};
use super::masks::{MaskValue, Masks};
use crate::augment::bounds::check_masks;
use crate::settings::settings;

/// A whole number between two, each as likely.
pub(super) fn draw_count(rng: &mut ChaCha8Rng, least: u32, most: u32) -> usize {
    least as usize + random::below(rng, most.saturating_sub(least) as usize + 1)
}

/// One range of up to `max_share` of `length`, at any place where it fits; `None` for one of width 0.
fn draw_range(rng: &mut ChaCha8Rng, max_share: f64, length: usize) -> Option<(usize, usize)> {
    let widest = ((length as f64 * max_share).floor() as usize).min(length);
    let width = random::below(rng, widest + 1);
    let start = random::below(rng, length - width + 1);
    (width > 0).then_some((start, start + width))
}

/// The settings of masks on one axis: the same for both, apart from the width.
macro_rules! axis_mask {
    ($(#[$doc:meta])* $name:ident, $axis:expr, $max_share:expr) => {
        settings! {
            $(#[$doc])*
            // The defaults are argus-2019's numbers, with the mean as the value.
            pub struct $name {
                /// Probability that a segment is masked.
                pub prob: f64 = 0.5,
                /// Smallest number of masks.
                pub min_masks: u32 = 1,
                /// Largest number of masks.
                pub max_masks: u32 = 2,
                /// Width of the widest mask, as a share of the axis.
                pub max_share: f64 = $max_share,
                /// The value written into masks.
                pub value: MaskValue = MaskValue::Mean,
            }
        }

        impl Check for $name {
            fn check(&self) -> Result<(), ConfigError> {
                ConfigError::check_share("prob", self.prob)?;
                ConfigError::check_share("max-share", self.max_share)?;
                check_masks(self.min_masks, self.max_masks)?;
                self.value.check()
            }
        }

        impl SpectrogramAugmentation for $name {
            /// The number of masks is uniform between its bounds; each width is uniform from 0 to `max_share` of the axis,
            /// each start uniform over the places where it fits (Park et al. 2019).
            fn draw(&self, drawing: &mut Drawing<'_>) {
                let (axis, value): (Axis, _) = ($axis, self.value);
                let (length, rng) = (axis.length(drawing.shape), &mut *drawing.rng);
                if random::chance(rng, self.prob) {
                    let count = draw_count(rng, self.min_masks, self.max_masks);
                    let ranges = (0..count).filter_map(|_| draw_range(rng, self.max_share, length));
                    let ranges: Vec<_> = ranges.collect();
                    drawing.push((!ranges.is_empty()).then_some(Masks { axis, ranges, value }));
                }
            }
        }
    };
}

axis_mask! {
    /// Masks ranges of frames.
    TimeMask, Axis::Time, 0.2
}

axis_mask! {
    /// Masks ranges of bands.
    FreqMask, Axis::Frequency, 0.15
}

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
