//! Settings of the meta-model.

use crate::config_checks::{check_drop_prob, check_init};
use crate::params::init::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the meta-model; the defaults are those of the original's class. Its three published settings came from a random
/// search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FcNetConfig {
    /// Features of the second hidden layer; the first has twice as many.
    pub base: usize,
    /// Number of inputs per feature of the bottleneck that weighs the inputs.
    pub reduction: usize,
    /// Probability that a feature after a hidden layer is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// How all weights are initialised.
    pub init: WeightInit,
}

impl Default for FcNetConfig {
    fn default() -> Self {
        Self {
            base: 64,
            reduction: 8,
            drop_prob: 0.25,
            init: WeightInit::FanInUniform,
        }
    }
}

impl Check for FcNetConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose 1 to 8192; 512 is a published value";
        ConfigError::check_range("base", self.base, 1..=8192, remedy)?;
        let remedy = "choose 1 to 1024; 1 is a published value";
        ConfigError::check_range("reduction", self.reduction, 1..=1024, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; 0.166 is a published value";
        check_drop_prob(self.drop_prob, remedy)?;
        check_init(self.init)
    }
}
