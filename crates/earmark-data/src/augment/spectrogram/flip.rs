//! Backwards in time, or upside down in frequency.

use std::borrow::Cow;
use std::fmt;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::interface::{
    AugmentContext, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape, planes, rows,
};

/// The settings of a flip of one axis.
macro_rules! axis_flip {
    ($(#[$doc:meta])* $name:ident, $axis:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name {
            /// Probability that a segment is flipped.
            pub prob: f64,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { prob: 0.5 }
            }
        }

        impl Check for $name {
            fn check(&self) -> Result<(), ConfigError> {
                ConfigError::check_share("prob", self.prob)
            }
        }

        impl SpectrogramAugmentation for $name {
            type Change = Flip;

            fn draw(&self, rng: &mut ChaCha8Rng, _: SpectrogramShape, _: AugmentContext) -> Option<Flip> {
                random::chance(rng, self.prob).then_some(Flip($axis))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Axis::Time => "backwards",
            Axis::Frequency => "upside down",
        })
    }
}
