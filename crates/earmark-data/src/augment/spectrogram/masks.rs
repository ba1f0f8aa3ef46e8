//! Masks as drawn, and what is written into them.

use std::borrow::Cow;

use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::interface::{SpectrogramChange, SpectrogramShape, minimum, rows};
use crate::augment::bounds::check_finite;

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
