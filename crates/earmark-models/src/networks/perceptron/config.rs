//! Settings of the perceptron.

use crate::config_checks::{check_drop_prob, check_init};
use crate::params::init::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PerceptronConfig {
    /// Inputs go through `asinh(compress x)` first: linear near zero, logarithmic far from it. 0 leaves them as they are.
    pub compress: f64,
    /// Standardised inputs are clipped to this number of standard deviations; 0 clips nothing.
    pub limit: f64,
    /// Principal components to keep; 0 leaves the standardised inputs as they are.
    pub components: usize,
    /// Features of a hidden layer; 0 for none.
    pub hidden: usize,
    /// Probability that an input of a dense layer is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for PerceptronConfig {
    fn default() -> Self {
        Self {
            compress: 0.0,
            limit: 5.0,
            components: 0,
            hidden: 0,
            drop_prob: 0.0,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl Check for PerceptronConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor up to 1000000, such as 100; 0 leaves inputs as they are";
        ConfigError::check_range("compress", self.compress, 0.0..=1e6, remedy)?;
        let remedy = "choose a number of standard deviations up to 1000000, such as 5; 0 clips nothing";
        ConfigError::check_range("limit", self.limit, 0.0..=1e6, remedy)?;
        let remedy = "choose 0 (none) to 65536, at most the number of training clips";
        ConfigError::check_range("components", self.components, 0..=65_536, remedy)?;
        let remedy = "choose 0 (none) to 65536 features";
        ConfigError::check_range("hidden", self.hidden, 0..=65_536, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1";
        check_drop_prob(self.drop_prob, remedy)?;
        check_init(self.init)
    }
}
