//! Louder or softer: a constant added to logarithmic values.

use std::borrow::Cow;
use std::fmt;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use earmark_features::Features;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::{
    AugmentContext, Effects, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape,
};
use crate::augment::bounds::check_gains;

/// Changes the level of a segment by a random number of decibels. Needs logarithmic features.
// Adding a constant to log values is exactly a gain of the audio where the front end's offset is negligible: a value
// `ln(m + offset)` moves by less than the constant where the mel value `m` is not much larger than the offset, which
// this does not imitate. It also moves padding and, for decibels cut at `top-db`, the cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GainDb {
    /// Lowest gain in decibels.
    pub min_db: f64,
    /// Highest gain in decibels.
    pub max_db: f64,
}

impl Default for GainDb {
    fn default() -> Self {
        Self {
            min_db: -6.0,
            max_db: 6.0,
        }
    }
}

impl Check for GainDb {
    fn check(&self) -> Result<(), ConfigError> {
        check_gains(self.min_db, self.max_db, 120.0)
    }
}

impl SpectrogramAugmentation for GainDb {
    type Change = Gain;

    fn draw(&self, rng: &mut ChaCha8Rng, _: SpectrogramShape, context: AugmentContext) -> Option<Gain> {
        let unit = context.unit?;
        let added = (random::uniform(rng, self.min_db, self.max_db) * unit.per_db()) as f32;
        (added != 0.0).then_some(Gain { added })
    }

    fn effects(&self) -> Effects {
        Effects {
            needs_decibels: true,
            ..Effects::default()
        }
    }
}

/// A gain as drawn: what is added to every value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// In the unit of the features.
    pub added: f32,
}

impl SpectrogramChange for Gain {
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let values = features.to_mut().data.iter_mut();
        values.for_each(|value| *value += self.added);
    }
}

impl fmt::Display for Gain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level {:+.2}", self.added)
    }
}
