//! Backwards in time, or upside down in frequency.

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;

use super::axis::Axis;
use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange, planes, rows};
use crate::settings::settings;

/// The settings of a flip of one axis.
macro_rules! axis_flip {
    ($(#[$doc:meta])* $name:ident, $axis:expr) => {
        settings! {
            $(#[$doc])*
            pub struct $name {
                /// Probability that a segment is flipped.
                pub prob: f64 = 0.5,
            }
        }

        impl Check for $name {
            fn check(&self) -> Result<(), ConfigError> {
                ConfigError::check_share("prob", self.prob)
            }
        }

        impl SpectrogramAugmentation for $name {
            fn draw(&self, drawing: &mut Drawing<'_>) {
                let drawn = random::chance(drawing.rng, self.prob);
                drawing.push(drawn.then_some(Flip($axis)));
            }
        }
    };
}

axis_flip! {
    /// Reverses time.
    FlipTime, Axis::Time
}

axis_flip! {
    /// Reverses frequency.
    FlipFreq, Axis::Frequency
}

/// The axis to reverse.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq, Eq)]
#[display("{}", if *_0 == Axis::Time { "backwards" } else { "upside down" })]
pub struct Flip(pub Axis);

impl SpectrogramChange for Flip {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let features = features.to_mut();
        let (bands, frames) = (features.bands, features.frames);
        if self.0 == Axis::Time {
            return rows(features).for_each(<[f32]>::reverse);
        }
        for plane in planes(features) {
            for band in 0..bands / 2 {
                let (low, high) = plane.split_at_mut((bands - 1 - band) * frames);
                low[band * frames..][..frames].swap_with_slice(&mut high[..frames]);
            }
        }
    }
}
