//! Settings of the starter-2018 network.

use crate::blocks::norm::BatchNormConfig;
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init};
use crate::params::init::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the starter-2018 network; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Starter2018Config {
    /// Channels of the first convolution; the second and third have 2 and 4 times as many.
    pub base: usize,
    /// Height of each convolution's kernel, in bands (or bins).
    pub kernel_bands: usize,
    /// Width of each convolution's kernel, in frames.
    pub kernel_frames: usize,
    /// Probability that an input of a convolution is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// Probability that a feature before the classifier is dropped in training. The original's `keep_prob` is 1 minus this.
    pub head_drop_prob: f64,
    /// Share of the old moving statistic that each step keeps.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for Starter2018Config {
    fn default() -> Self {
        Self {
            base: 16,
            kernel_bands: 11,
            kernel_frames: 3,
            drop_prob: 0.1,
            head_drop_prob: 0.2,
            batch_norm_decay: 0.999,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl Starter2018Config {
    pub(super) fn norm(&self) -> BatchNormConfig {
        BatchNormConfig {
            decay: self.batch_norm_decay,
            epsilon: self.batch_norm_epsilon,
        }
    }
}

impl Check for Starter2018Config {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose 1 to 1024 channels; 16 is the published network";
        ConfigError::check_range("base", self.base, 1..=1024, remedy)?;
        let remedy = "choose 1 to 31; the published kernel spans 11 bands and 3 frames";
        ConfigError::check_range("kernel-bands", self.kernel_bands, 1..=31, remedy)?;
        ConfigError::check_range("kernel-frames", self.kernel_frames, 1..=31, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; the original has 0.1";
        check_drop_prob(self.drop_prob, remedy)?;
        let remedy =
            "choose a probability from 0 (no dropout) to below 1; the original keeps 0.8, which is 0.2 here";
        ConfigError::check_range("head-drop-prob", self.head_drop_prob, 0.0..1.0, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}
