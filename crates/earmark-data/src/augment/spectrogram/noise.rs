//! Gaussian noise on the values.

use std::borrow::Cow;
use std::fmt;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{AugmentContext, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape};
use crate::augment::bounds::check_ends;

/// Adds a normally distributed number to every value, with a standard deviation that is drawn for each segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Noise {
    /// Probability that a segment gets noise.
    pub prob: f64,
    /// Smallest standard deviation, in the unit of the features.
    pub min_deviation: f64,
    /// Largest standard deviation, in the unit of the features.
    pub max_deviation: f64,
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_deviation: 0.0,
            max_deviation: 0.5,
        }
    }
}

impl Check for Noise {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        let (low, high) = (self.min_deviation, self.max_deviation);
        check_ends(("min-deviation", low), ("max-deviation", high), 0.0..=1e6)
    }
}

impl SpectrogramAugmentation for Noise {
    type Change = NoiseField;

    fn draw(&self, rng: &mut ChaCha8Rng, _: SpectrogramShape, _: AugmentContext) -> Option<NoiseField> {
        let drawn = random::chance(rng, self.prob);
        let deviation = random::uniform(rng, self.min_deviation, self.max_deviation) as f32;
        let key = rng.next_u64();
        (drawn && deviation != 0.0).then_some(NoiseField { deviation, key })
    }
}

/// Noise as drawn: how strong, and the key of the stream that its numbers come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseField {
    /// Standard deviation, in the unit of the features.
    pub deviation: f32,
    /// Key of the random stream.
    pub key: u64,
}

impl SpectrogramChange for NoiseField {
    /// Adds the noise, in the order of the values.
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let mut rng = random::stream(self.key, &[]);
        for value in &mut features.to_mut().data {
            *value += self.deviation * random::normal(&mut rng);
        }
    }
}

impl fmt::Display for NoiseField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "noise with deviation {:.3}", self.deviation)
    }
}
