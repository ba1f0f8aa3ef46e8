//! Louder or softer: a constant added to logarithmic values.

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;

use super::interface::{Drawing, Effect, SpectrogramAugmentation, SpectrogramChange};
use crate::augment::bounds::check_gains;
use crate::settings::settings;

settings! {
    /// Changes the level of a segment by a random number of decibels. Needs logarithmic features.
    // Adding a constant to log values is exactly a gain of the audio where the front end's offset is negligible: a value
    // `ln(m + offset)` moves by less than the constant where the mel value `m` is not much larger than the offset, which
    // this does not imitate. It also moves padding and, for decibels cut at `top-db`, the cut.
    pub struct GainDb {
        /// Lowest gain in decibels.
        pub min_db: f64 = -6.0,
        /// Highest gain in decibels.
        pub max_db: f64 = 6.0,
    }
}

impl Check for GainDb {
    fn check(&self) -> Result<(), ConfigError> {
        check_gains(self.min_db, self.max_db, 120.0)
    }
}

impl SpectrogramAugmentation for GainDb {
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let Some(unit) = drawing.context.unit else { return };
        let added = (random::uniform(drawing.rng, self.min_db, self.max_db) * unit.per_db()) as f32;
        drawing.push((added != 0.0).then_some(Gain { added }));
    }

    fn has(&self, effect: Effect) -> bool {
        effect == Effect::NeedsDecibels
    }
}

/// A gain as drawn: what is added to every value.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("level {added:+.2}")]
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
