//! Louder or softer: a constant added to log levels.

use earmark_features::{AmplitudeScale, BinValue, FrontEnd};
use serde::{Deserialize, Serialize};

use super::Spec;
use crate::setting::SettingError;
use earmark_core::random::{self, ChaCha8Rng};

/// Changes the level of an example by a random number of decibels.
///
/// Adding a constant to log levels is exactly a gain of the audio where the front end's offset is negligible: a level
/// `ln(m + offset)` moves by less than the constant where the mel value `m` is not much larger than the offset, which
/// this does not imitate. It also moves padding and, for decibels cut at `top-db`, the cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// What the values of a log spectrogram mean, and so how much one decibel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelUnit {
    /// Natural logarithm of a magnitude (dcase2019-baseline).
    LnMagnitude,
    /// Natural logarithm of a power.
    LnPower,
    /// Decibels (librosa's `power_to_db`).
    Decibel,
}

impl LevelUnit {
    /// What the base features of `front_end` mean; `None` where they are no logarithm.
    pub fn of(front_end: &FrontEnd) -> Option<Self> {
        match (&front_end.amplitude, front_end.stft.value) {
            (AmplitudeScale::Log { .. }, BinValue::Magnitude) => Some(Self::LnMagnitude),
            (AmplitudeScale::Log { .. }, BinValue::Power) => Some(Self::LnPower),
            (AmplitudeScale::Db { .. }, _) => Some(Self::Decibel),
            (AmplitudeScale::Linear | AmplitudeScale::Pcen(_), _) => None,
        }
    }

    /// How much a value grows per decibel.
    pub fn per_db(self) -> f64 {
        match self {
            Self::LnMagnitude => std::f64::consts::LN_10 / 20.0,
            Self::LnPower => std::f64::consts::LN_10 / 10.0,
            Self::Decibel => 1.0,
        }
    }
}

/// A gain as drawn: what is added to every value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// In the unit of the features.
    pub added: f32,
}

impl GainDb {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        check_range(section, self.min_db, self.max_db)
    }

    /// Draws the gain of one example.
    pub fn draw(&self, rng: &mut ChaCha8Rng, unit: LevelUnit) -> Gain {
        Gain {
            added: (random::uniform(rng, self.min_db, self.max_db) * unit.per_db()) as f32,
        }
    }
}

impl Gain {
    /// Adds the gain to every value.
    pub fn apply(&self, spec: &mut Spec) {
        spec.data.iter_mut().for_each(|value| *value += self.added);
    }
}

/// Refuses gains that can't be meant, in decibels.
pub(super) fn check_range(section: &str, min_db: f64, max_db: f64) -> Result<(), SettingError> {
    for (key, value) in [("min-db", min_db), ("max-db", max_db)] {
        if !(-120.0..=120.0).contains(&value) {
            return Err(SettingError::new(
                section,
                key,
                value,
                "must be between -120 and 120 decibels",
            ));
        }
    }
    if min_db > max_db {
        let remedy = format!("must not be above max-db = {max_db}");
        return Err(SettingError::new(section, "min-db", min_db, remedy));
    }
    Ok(())
}
