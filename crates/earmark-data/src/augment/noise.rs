//! Gaussian noise on levels.

use serde::{Deserialize, Serialize};

use super::Spec;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};
use rand::Rng;

/// Adds a normal number to every value, of a standard deviation that is drawn for each example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Noise {
    /// Probability that an example gets noise.
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

/// Noise as drawn: how strong, and the key of the stream that its numbers come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseField {
    /// Standard deviation, in the unit of the features.
    pub deviation: f32,
    /// Which noise.
    pub key: u64,
}

impl Noise {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        for (key, value) in [
            ("min-deviation", self.min_deviation),
            ("max-deviation", self.max_deviation),
        ] {
            if !(0.0..=1e6).contains(&value) {
                let remedy = "must be between 0 and 1000000, in the unit of the features";
                return Err(SettingError::new(section, key, value, remedy));
            }
        }
        if self.min_deviation > self.max_deviation {
            let remedy = format!("must not be above max-deviation = {}", self.max_deviation);
            return Err(SettingError::new(
                section,
                "min-deviation",
                self.min_deviation,
                remedy,
            ));
        }
        Ok(())
    }

    /// Draws the noise of one example; deviation 0 where it gets none.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> NoiseField {
        let drawn = random::chance(rng, self.prob);
        let deviation = random::uniform(rng, self.min_deviation, self.max_deviation) as f32;
        NoiseField {
            deviation: if drawn { deviation } else { 0.0 },
            key: rng.next_u64(),
        }
    }
}

impl NoiseField {
    /// Adds the noise, in the order of the values.
    pub fn apply(&self, spec: &mut Spec) {
        if self.deviation == 0.0 {
            return;
        }
        let mut rng = random::stream(self.key, &[]);
        for value in spec.data.iter_mut() {
            *value += self.deviation * random::normal(&mut rng);
        }
    }
}
