//! Shifts in time (earlier or later) or in frequency (higher or lower: on a mel scale roughly a change of pitch).

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange, minimum, planes, rows};
use crate::settings::settings;

/// The settings of a shift along one axis: the same for both, apart from their defaults.
macro_rules! axis_shift {
    ($(#[$doc:meta])* $name:ident, $axis:expr, $max_share:expr, $fill:expr) => {
        settings! {
            $(#[$doc])*
            pub struct $name {
                /// Probability that a segment is moved.
                pub prob: f64 = 0.5,
                /// Largest move to either side, as a share of the axis.
                pub max_share: f64 = $max_share,
                /// What fills the places left behind.
                pub fill: ShiftFill = $fill,
            }
        }

        impl Check for $name {
            fn check(&self) -> Result<(), ConfigError> {
                ConfigError::check_share("prob", self.prob)?;
                ConfigError::check_share("max-share", self.max_share)
            }
        }

        impl SpectrogramAugmentation for $name {
            fn draw(&self, drawing: &mut Drawing<'_>) {
                let (axis, fill): (Axis, _) = ($axis, self.fill);
                let (length, rng) = (axis.length(drawing.shape), &mut *drawing.rng);
                if random::chance(rng, self.prob) {
                    let farthest = ((length as f64 * self.max_share).floor() as usize).min(length);
                    let by = random::below(rng, 2 * farthest + 1).cast_signed() - farthest.cast_signed();
                    drawing.push((by != 0).then_some(Shift { axis, by, fill }));
                }
            }
        }
    };
}

axis_shift! {
    /// Moves a segment in time.
    TimeShift, Axis::Time, 0.5, ShiftFill::Wrap
}

axis_shift! {
    /// Moves a segment in frequency, by whole bands.
    FreqShift, Axis::Frequency, 0.05, ShiftFill::Min
}

/// What fills the places that a shift leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShiftFill {
    /// What was pushed out at the other end: a roll.
    #[default]
    Wrap,
    /// The row or column at the edge, repeated (mobilenetv2-pca-2018, from Keras).
    Edge,
    /// The smallest value of the segment.
    Min,
}

/// A move as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq, Eq)]
#[display("moved by {by:+} {}", axis.unit())]
pub struct Shift {
    /// The axis.
    pub axis: Axis,
    /// How many frames later or bands higher; negative is earlier or lower.
    pub by: isize,
    /// What fills the places left behind.
    pub fill: ShiftFill,
}

impl SpectrogramChange for Shift {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let (least, frames) = (minimum(&features.data), features.frames);
        let features = features.to_mut();
        match self.axis {
            Axis::Time => rows(features).for_each(|row| self.shift(row, 1, least)),
            Axis::Frequency => planes(features).for_each(|plane| self.shift(plane, frames, least)),
        }
    }
}

impl Shift {
    /// Moves places of `width` values each; `least` is the smallest value of the segment.
    fn shift(&self, values: &mut [f32], width: usize, least: f32) {
        let (forward, places) = (self.by > 0, values.len().checked_div(width).unwrap_or(0));
        let far = self.by.unsigned_abs();
        if far == 0 || places == 0 {
            return;
        }
        if self.fill == ShiftFill::Wrap {
            let far = far % places * width;
            return match forward {
                true => values.rotate_right(far),
                false => values.rotate_left(far),
            };
        }
        let far = far.min(places) * width;
        let length = places * width;
        let (edge, bare) = match forward {
            true => (0..width, 0..far),
            false => (length - width..length, length - far..length),
        };
        let edge = values[edge].to_vec();
        match forward {
            true => values.copy_within(..length - far, far),
            false => values.copy_within(far.., 0),
        }
        for place in values[bare].chunks_exact_mut(width) {
            match self.fill {
                ShiftFill::Edge => place.copy_from_slice(&edge),
                ShiftFill::Min | ShiftFill::Wrap => place.fill(least),
            }
        }
    }
}
