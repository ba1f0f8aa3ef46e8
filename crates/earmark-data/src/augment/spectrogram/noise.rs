//! Gaussian noise on the values.

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use rand::Rng;

use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange};
use crate::augment::bounds::check_ends;
use crate::settings::settings;

settings! {
    /// Adds a normally distributed number to every value, with a standard deviation that is drawn for each segment.
    pub struct Noise {
        /// Probability that a segment gets noise.
        pub prob: f64 = 0.5,
        /// Smallest standard deviation, in the unit of the features.
        pub min_deviation: f64 = 0.0,
        /// Largest standard deviation, in the unit of the features.
        pub max_deviation: f64 = 0.5,
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
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let drawn = random::chance(drawing.rng, self.prob);
        let deviation = random::uniform(drawing.rng, self.min_deviation, self.max_deviation) as f32;
        let key = drawing.rng.next_u64();
        drawing.push((drawn && deviation != 0.0).then_some(NoiseField { deviation, key }));
    }
}

/// Noise as drawn: how strong, and the key of the stream that its numbers come from.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("noise with deviation {deviation:.3}")]
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
