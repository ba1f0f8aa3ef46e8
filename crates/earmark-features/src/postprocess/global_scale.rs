//! A shift and a scale for all channels.

use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `(x - subtract) / divide` of all channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GlobalScale {
    /// Subtracted first. Default: 0.
    pub subtract: f64,
    /// Divisor. Default: 1.
    pub divide: f64,
}

impl Default for GlobalScale {
    fn default() -> Self {
        Self {
            subtract: 0.0,
            divide: 1.0,
        }
    }
}

impl Check for GlobalScale {
    fn check(&self) -> Result<(), ConfigError> {
        check_terms(&[self.subtract], &[self.divide])
    }
}

impl GlobalScale {
    /// The number subtracted, and the factor multiplied with afterwards.
    pub(crate) fn terms(&self) -> (f32, f32) {
        (self.subtract as f32, (1.0 / self.divide) as f32)
    }

    pub(super) fn apply(&self, data: &mut [f32]) {
        let (subtract, factor) = self.terms();
        for x in data {
            *x = (*x - subtract) * factor;
        }
    }
}

/// Checks the numbers of the keys `subtract` and `divide`.
pub(super) fn check_terms(subtract: &[f64], divide: &[f64]) -> Result<(), ConfigError> {
    for x in subtract {
        ConfigError::unless(x.is_finite(), "subtract", x, "must be finite, for example 0.0")?;
    }
    for x in divide {
        let ok = x.is_finite() && x.abs() >= 1e-30;
        ConfigError::unless(ok, "divide", x, "must be finite and not 0, for example 100")?;
    }
    Ok(())
}
