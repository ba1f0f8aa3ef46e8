//! What time and frequency masks share: stretches of one axis, overwritten by one value.

use serde::{Deserialize, Serialize};

use super::{Shape, Spec, minimum};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// What a mask writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
pub enum MaskAxis {
    /// Frequency: whole rows are hidden.
    Band,
    /// Time: whole columns are hidden.
    Frame,
}

impl MaskValue {
    /// What is written into an example that holds `values`.
    pub(super) fn of(self, values: &[f32]) -> f32 {
        match self {
            Self::Mean if values.is_empty() => 0.0,
            Self::Mean => mean(values),
            Self::Min => minimum(values),
            Self::Constant(value) => value,
        }
    }

    pub(super) fn check(self, section: &str) -> Result<(), SettingError> {
        match self {
            Self::Constant(value) if !value.is_finite() => Err(SettingError::new(
                section,
                "value.constant",
                value,
                "must be a finite number",
            )),
            _ => Ok(()),
        }
    }
}

/// Masks as drawn: half-open stretches of one axis. They may overlap.
#[derive(Clone, Debug, PartialEq)]
pub struct Masks {
    axis: MaskAxis,
    stretches: Vec<(usize, usize)>,
    value: MaskValue,
}

impl Masks {
    /// Masks at the stretches `(start, end)` of an axis; what reaches beyond an example is cut when they are applied.
    pub fn new(axis: MaskAxis, stretches: Vec<(usize, usize)>, value: MaskValue) -> Self {
        Self {
            axis,
            stretches,
            value,
        }
    }

    /// The axis that they lie on.
    pub fn axis(&self) -> MaskAxis {
        self.axis
    }

    /// `(start, end)` of each mask, in bands or frames.
    pub fn stretches(&self) -> &[(usize, usize)] {
        &self.stretches
    }

    /// Writes the masks into `spec`, whose shape must be the one they were drawn for.
    pub fn apply(&self, spec: &mut Spec) {
        if self.stretches.is_empty() || spec.data.is_empty() {
            return;
        }
        // Taken before the first mask, so that masks don't feed on each other.
        let value = self.value.of(spec.data);
        self.fill(spec, value);
    }

    /// Writes `value` into the masks.
    pub(super) fn fill(&self, spec: &mut Spec, value: f32) {
        let Shape { bands, frames, .. } = spec.shape();
        for (row, values) in spec.rows().enumerate() {
            for &(start, end) in &self.stretches {
                match self.axis {
                    MaskAxis::Frame => values[start.min(frames)..end.min(frames)].fill(value),
                    MaskAxis::Band if (start..end).contains(&(row % bands)) => values.fill(value),
                    MaskAxis::Band => {}
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
        self.value.check(section)
    }

    /// The number of masks is uniform between its bounds; each width is uniform from 0 to `max_share` of the axis,
    /// each start uniform over the places where it fits (Park et al. 2019).
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng, axis: MaskAxis, length: usize) -> Masks {
        let mut stretches = Vec::new();
        if random::chance(rng, self.prob) {
            let more = self.max_masks.saturating_sub(self.min_masks) as usize;
            for _ in 0..self.min_masks as usize + random::below(rng, more + 1) {
                stretches.extend(draw_stretch(rng, self.max_share, length));
            }
        }
        Masks {
            axis,
            stretches,
            value: self.value,
        }
    }
}

/// One stretch of up to `max_share` of `length`, at any place where it fits; `None` for one of width 0.
pub(super) fn draw_stretch(rng: &mut ChaCha8Rng, max_share: f64, length: usize) -> Option<(usize, usize)> {
    let widest = ((length as f64 * max_share).floor() as usize).min(length);
    let width = random::below(rng, widest + 1);
    let start = random::below(rng, length - width + 1);
    (width > 0).then_some((start, start + width))
}
