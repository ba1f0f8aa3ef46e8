//! Settings of MobileNet v1.

use crate::blocks::norm::BatchNormConfig;
use crate::blocks::pool::Pool;
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init, check_width};
use crate::params::init::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the last activation is reduced over time and frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GlobalPool {
    /// Average.
    #[default]
    Mean,
    /// Largest value.
    Max,
}

impl GlobalPool {
    /// The pool of the blocks.
    pub(super) fn pool(self) -> Pool {
        match self {
            Self::Mean => Pool::Mean,
            Self::Max => Pool::Max,
        }
    }
}

/// Settings of MobileNet v1; the defaults are the network of the DCASE 2019 baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MobileNetV1Config {
    /// Factor on every layer's channels; at least 8 channels remain.
    pub width: f64,
    /// How the last activation is reduced before the classifier: `mean` or `max`.
    pub global_pool: GlobalPool,
    /// Probability that a feature before the classifier is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// Whether BatchNorm follows every convolution; with `false` the convolutions have biases instead.
    pub batch_norm: bool,
    /// Share of the old moving statistic that each step keeps.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for MobileNetV1Config {
    fn default() -> Self {
        let norm = BatchNormConfig::default();
        Self {
            width: 1.0,
            global_pool: GlobalPool::Mean,
            drop_prob: 0.0,
            batch_norm: true,
            batch_norm_decay: norm.decay,
            batch_norm_epsilon: norm.epsilon,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl MobileNetV1Config {
    pub(super) fn channels(&self, at_width_1: usize) -> usize {
        ((at_width_1 as f64 * self.width) as usize).max(8)
    }

    pub(super) fn norm(&self) -> Option<BatchNormConfig> {
        self.batch_norm.then_some(BatchNormConfig {
            decay: self.batch_norm_decay,
            epsilon: self.batch_norm_epsilon,
        })
    }
}

impl Check for MobileNetV1Config {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor above 0, at most 16; 1 is the published network";
        check_width(self.width, 16.0, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; the original's `dropout` is the KEEP probability, 1 minus this";
        check_drop_prob(self.drop_prob, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}
