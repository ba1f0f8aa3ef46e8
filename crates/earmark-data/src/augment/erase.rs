//! A rectangle hidden (random erasing: Zhong et al. 2017, "Random Erasing Data Augmentation").

use serde::{Deserialize, Serialize};

use super::mask::MaskValue;
use super::{Shape, Spec};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Overwrites one rectangle of an example by one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Erase {
    /// Probability that an example loses a rectangle.
    pub prob: f64,
    /// Smallest area, as a share of the example.
    pub min_area: f64,
    /// Largest area, as a share of the example.
    pub max_area: f64,
    /// Lowest ratio of bands to frames.
    pub min_aspect: f64,
    /// Highest ratio of bands to frames.
    pub max_aspect: f64,
    /// What is written.
    pub value: EraseValue,
}

/// What is written into a rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum EraseValue {
    /// The mean of the example.
    #[default]
    Mean,
    /// The smallest value of the example.
    Min,
    /// A fixed value, in the unit of the features.
    Constant(f32),
    /// One value for the rectangle, drawn between two, in the unit of the features.
    Uniform {
        /// The lowest.
        min: f64,
        /// The highest.
        max: f64,
    },
}

impl Default for Erase {
    /// mobilenetv2-pca-2018's, with the mean as the value.
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_area: 0.02,
            max_area: 0.4,
            min_aspect: 0.3,
            max_aspect: 3.3,
            value: EraseValue::Mean,
        }
    }
}

/// A rectangle as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patch {
    /// The first band.
    pub band: usize,
    /// How many bands; 0 for no rectangle.
    pub bands: usize,
    /// The first frame.
    pub frame: usize,
    /// How many frames; 0 for no rectangle.
    pub frames: usize,
    /// What is written.
    pub value: MaskValue,
}

/// Rectangles tried before the example is left as it is.
const ATTEMPTS: usize = 100;

impl Erase {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_share(section, "max-area", self.max_area)?;
        if !(0.0..=self.max_area).contains(&self.min_area) {
            let remedy = format!("must be between 0 and max-area = {}", self.max_area);
            return Err(SettingError::new(section, "min-area", self.min_area, remedy));
        }
        if !(0.01..=100.0).contains(&self.max_aspect) {
            let remedy = "must be between 0.01 and 100";
            return Err(SettingError::new(section, "max-aspect", self.max_aspect, remedy));
        }
        if !(0.01..=self.max_aspect).contains(&self.min_aspect) {
            let remedy = format!("must be between 0.01 and max-aspect = {}", self.max_aspect);
            return Err(SettingError::new(section, "min-aspect", self.min_aspect, remedy));
        }
        match self.value {
            EraseValue::Constant(value) => MaskValue::Constant(value).check(section),
            EraseValue::Uniform { min, max } if !(min.is_finite() && max.is_finite() && min <= max) => {
                let remedy = format!("must be a number not above max = {max}");
                Err(SettingError::new(section, "value.uniform.min", min, remedy))
            }
            _ => Ok(()),
        }
    }

    /// Draws the rectangle of one example of this shape: area, aspect and corner uniform, drawn again until it fits.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape) -> Patch {
        let Shape { bands, frames, .. } = shape;
        let drawn = random::chance(rng, self.prob);
        let value = match self.value {
            EraseValue::Mean => MaskValue::Mean,
            EraseValue::Min => MaskValue::Min,
            EraseValue::Constant(value) => MaskValue::Constant(value),
            EraseValue::Uniform { min, max } => MaskValue::Constant(random::uniform(rng, min, max) as f32),
        };
        let mut patch = Patch {
            band: 0,
            bands: 0,
            frame: 0,
            frames: 0,
            value,
        };
        for _ in 0..if drawn { ATTEMPTS } else { 0 } {
            let area = random::uniform(rng, self.min_area, self.max_area) * (bands * frames) as f64;
            let aspect = random::uniform(rng, self.min_aspect, self.max_aspect);
            let (high, wide) = ((area * aspect).sqrt() as usize, (area / aspect).sqrt() as usize);
            let (band, frame) = (random::below(rng, bands), random::below(rng, frames));
            if band + high <= bands && frame + wide <= frames {
                patch = Patch {
                    band,
                    bands: high,
                    frame,
                    frames: wide,
                    value,
                };
                break;
            }
        }
        patch
    }
}

impl Patch {
    /// Writes the rectangle into all channels.
    pub fn apply(&self, spec: &mut Spec) {
        if self.bands == 0 || self.frames == 0 {
            return;
        }
        let value = self.value.of(spec.data);
        let Shape { bands, frames, .. } = spec.shape();
        let (from, to) = (self.frame.min(frames), (self.frame + self.frames).min(frames));
        let hidden = self.band..self.band + self.bands;
        let rows = spec.rows().enumerate();
        rows.filter(|(row, _)| hidden.contains(&(row % bands)))
            .for_each(|(_, row)| row[from..to].fill(value));
    }
}
