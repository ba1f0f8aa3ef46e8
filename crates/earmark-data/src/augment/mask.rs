//! What time and frequency masks share: stretches of one axis, overwritten by one value.

use serde::{Deserialize, Serialize};

use super::Spec;
use crate::rng::{self, ChaCha8Rng};
use crate::setting::{SettingError, check_share};

/// What a mask writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskValue {
    /// The mean of the example: hides the place without shifting the mean, as SpecAugment does.
    #[default]
    Mean,
    /// The smallest value of the example: silence, as argus-2019 does.
    Min,
    /// A fixed value, in the unit of the features.
    Constant(f32),
}

/// The axis that masks lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Band,
    Frame,
}

/// Masks as drawn: half-open stretches of one axis. They may overlap.
#[derive(Clone, Debug, PartialEq)]
pub struct Masks {
    axis: Axis,
    stretches: Vec<(usize, usize)>,
    value: MaskValue,
}

impl Masks {
    /// `(start, end)` of each mask, in bands or frames.
    pub fn stretches(&self) -> &[(usize, usize)] {
        &self.stretches
    }

    /// Writes the masks into `spec`, whose shape must be the one they were drawn for.
    pub fn apply(&self, spec: &mut Spec) {
        if self.stretches.is_empty() || spec.data.is_empty() {
            return;
        }
        // Both are taken before the first mask, so that masks don't feed on each other.
        let value = match self.value {
            MaskValue::Mean => mean(spec.data),
            MaskValue::Min => spec.data.iter().copied().fold(f32::INFINITY, f32::min),
            MaskValue::Constant(value) => value,
        };
        let bands = spec.bands;
        for (row, values) in spec.rows().enumerate() {
            for &(start, end) in &self.stretches {
                match self.axis {
                    Axis::Frame => values[start..end].fill(value),
                    Axis::Band if (start..end).contains(&(row % bands)) => values.fill(value),
                    Axis::Band => {}
                }
            }
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64) as f32
}

/// The settings that [`super::TimeMask`] and [`super::FreqMask`] have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct MaskDraw {
    pub(super) prob: f64,
    pub(super) min_masks: u32,
    pub(super) max_masks: u32,
    pub(super) max_share: f64,
    pub(super) value: MaskValue,
}

impl MaskDraw {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_share(section, "max-share", self.max_share)?;
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
        match self.value {
            MaskValue::Constant(value) if !value.is_finite() => Err(SettingError::new(
                section,
                "value.constant",
                value,
                "must be a finite number",
            )),
            _ => Ok(()),
        }
    }

    /// The number of masks is uniform between its bounds; each width is uniform from 0 to `max_share` of the axis,
    /// each start uniform over the places where it fits (Park et al. 2019).
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng, axis: Axis, length: usize) -> Masks {
        let mut stretches = Vec::new();
        if rng::chance(rng, self.prob) {
            let more = self.max_masks.saturating_sub(self.min_masks) as usize;
            let widest = ((length as f64 * self.max_share).floor() as usize).min(length);
            for _ in 0..self.min_masks as usize + rng::below(rng, more + 1) {
                let width = rng::below(rng, widest + 1);
                let start = rng::below(rng, length - width + 1);
                if width > 0 {
                    stretches.push((start, start + width));
                }
            }
        }
        Masks {
            axis,
            stretches,
            value: self.value,
        }
    }
}
