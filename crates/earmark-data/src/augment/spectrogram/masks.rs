//! Masks in time or in frequency (SpecAugment: Park et al. 2019, "SpecAugment: A Simple Data Augmentation Method for ASR").

use std::borrow::Cow;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::interface::{
    Drawing, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape, minimum, rows,
};
use crate::augment::bounds::{check_finite, check_masks};
use crate::settings::settings;

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

/// The value written into masks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaskValue {
    /// The mean of the segment: hides the place without shifting the mean, as SpecAugment does.
    #[default]
    Mean,
    /// The smallest value of the segment: silence, as argus-2019 does.
    Min,
    /// A fixed value, in the unit of the features.
    Constant(f32),
}

impl MaskValue {
    /// What is written into a segment with these `values`.
    pub(super) fn of(self, values: &[f32]) -> f32 {
        match self {
            Self::Mean => {
                let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
                (sum / values.len().max(1) as f64) as f32
            }
            Self::Min => minimum(values),
            Self::Constant(value) => value,
        }
    }
}

impl Check for MaskValue {
    fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Self::Constant(value) => check_finite("value.constant", value),
            Self::Mean | Self::Min => Ok(()),
        }
    }
}

/// A whole number between two, each as likely.
pub(super) fn draw_count(rng: &mut ChaCha8Rng, least: u32, most: u32) -> usize {
    least as usize + random::below(rng, most.saturating_sub(least) as usize + 1)
}

/// One range of up to `max_share` of `length`, at any place where it fits; `None` for one of width 0.
pub(super) fn draw_range(rng: &mut ChaCha8Rng, max_share: f64, length: usize) -> Option<(usize, usize)> {
    let widest = ((length as f64 * max_share).floor() as usize).min(length);
    let width = random::below(rng, widest + 1);
    let start = random::below(rng, length - width + 1);
    (width > 0).then_some((start, start + width))
}

/// Masks as drawn: half-open ranges `(start, end)` of one axis. They may overlap.
#[derive(Clone, Debug, derive_more::Display, PartialEq)]
#[display("{} masked:{}", axis.unit(), self.places())]
pub struct Masks {
    /// The axis of the ranges.
    pub axis: Axis,
    /// In bands or frames; what is past the end of a segment is ignored.
    pub ranges: Vec<(usize, usize)>,
    /// The value written.
    pub value: MaskValue,
}

impl Masks {
    fn places(&self) -> String {
        let ranges = self.ranges.iter();
        ranges.map(|(start, end)| format!(" {start}-{end}")).collect()
    }

    /// Writes `value` into the masks.
    pub(super) fn fill(&self, features: &mut Features, value: f32) {
        let SpectrogramShape { bands, frames } = SpectrogramShape::of(features);
        for (row, values) in rows(features).enumerate() {
            for &(start, end) in &self.ranges {
                match self.axis {
                    Axis::Time => values[start.min(frames)..end.min(frames)].fill(value),
                    Axis::Frequency if (start..end).contains(&(row % bands)) => values.fill(value),
                    Axis::Frequency => {}
                }
            }
        }
    }
}

impl SpectrogramChange for Masks {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        // Taken before the first mask, so that masks do not affect each other.
        let value = self.value.of(&features.data);
        self.fill(features.to_mut(), value);
    }
}
