//! Overwrites a rectangle (random erasing: Zhong et al. 2017, "Random Erasing Data Augmentation").

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape, rows};
use super::masks::MaskValue;
use crate::augment::bounds::check_aspect;
use crate::settings::settings;

settings! {
    /// Overwrites one rectangle of a segment with one value.
    // The defaults are mobilenetv2-pca-2018's, with the mean as the value.
    pub struct Erase {
        /// Probability that a segment loses a rectangle.
        pub prob: f64 = 0.5,
        /// Smallest area, as a share of the segment.
        pub min_area: f64 = 0.02,
        /// Largest area, as a share of the segment.
        pub max_area: f64 = 0.4,
        /// Smallest ratio of bands to frames.
        pub min_aspect: f64 = 0.3,
        /// Largest ratio of bands to frames.
        pub max_aspect: f64 = 3.3,
        /// The value written.
        pub value: EraseValue = EraseValue::Mean,
    }
}

/// The value written into a rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum EraseValue {
    /// The mean of the segment.
    #[default]
    Mean,
    /// The smallest value of the segment.
    Min,
    /// A fixed value, in the unit of the features.
    Constant(f32),
    /// One value per rectangle, drawn between two, in the unit of the features.
    Uniform {
        /// The lowest value.
        min: f64,
        /// The highest value.
        max: f64,
    },
}

/// Rectangles tried before the segment is left as it is.
const ATTEMPTS: usize = 100;

impl Check for Erase {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        ConfigError::check_share("max-area", self.max_area)?;
        let remedy = format!("must be between 0 and max-area = {}", self.max_area);
        ConfigError::check_range("min-area", self.min_area, 0.0..=self.max_area, &remedy)?;
        check_aspect(self.min_aspect, self.max_aspect, "")?;
        match self.value {
            EraseValue::Constant(value) => MaskValue::Constant(value).check(),
            EraseValue::Uniform { min, max } => {
                let ok = min.is_finite() && max.is_finite() && min <= max;
                let remedy = format!("must be a number not above max = {max}");
                ConfigError::unless(ok, "value.uniform.min", min, remedy)
            }
            EraseValue::Mean | EraseValue::Min => Ok(()),
        }
    }
}

impl SpectrogramAugmentation for Erase {
    /// Area, aspect and corner are uniform, drawn again until the rectangle fits.
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let (SpectrogramShape { bands, frames }, rng) = (drawing.shape, &mut *drawing.rng);
        let drawn = random::chance(rng, self.prob);
        let value = match self.value {
            EraseValue::Mean => MaskValue::Mean,
            EraseValue::Min => MaskValue::Min,
            EraseValue::Constant(value) => MaskValue::Constant(value),
            EraseValue::Uniform { min, max } => MaskValue::Constant(random::uniform(rng, min, max) as f32),
        };
        let patch = (0..if drawn { ATTEMPTS } else { 0 }).find_map(|_| {
            let area = random::uniform(rng, self.min_area, self.max_area) * (bands * frames) as f64;
            let aspect = random::uniform(rng, self.min_aspect, self.max_aspect);
            let (high, wide) = ((area * aspect).sqrt() as usize, (area / aspect).sqrt() as usize);
            let (band, frame) = (random::below(rng, bands), random::below(rng, frames));
            (band + high <= bands && frame + wide <= frames).then_some(ErasedPatch {
                band,
                bands: high,
                frame,
                frames: wide,
                value,
            })
        });
        drawing.push(patch.filter(|patch| patch.bands > 0 && patch.frames > 0));
    }
}

/// A rectangle as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("{bands} bands x {frames} frames erased")]
pub struct ErasedPatch {
    /// The first band.
    pub band: usize,
    /// Number of bands.
    pub bands: usize,
    /// The first frame.
    pub frame: usize,
    /// Number of frames.
    pub frames: usize,
    /// The value written.
    pub value: MaskValue,
}

impl SpectrogramChange for ErasedPatch {
    /// Writes the rectangle into all channels.
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let value = self.value.of(&features.data);
        let SpectrogramShape { bands, frames } = SpectrogramShape::of(features);
        let (from, to) = (self.frame.min(frames), (self.frame + self.frames).min(frames));
        let erased = self.band..self.band + self.bands;
        for (row, values) in rows(features.to_mut()).enumerate() {
            if erased.contains(&(row % bands)) {
                values[from..to].fill(value);
            }
        }
    }
}
