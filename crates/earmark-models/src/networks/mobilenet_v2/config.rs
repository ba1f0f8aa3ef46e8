//! Settings of MobileNet v2.

use crate::blocks::norm::BatchNormConfig;
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init, check_width};
use crate::params::init::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of MobileNet v2; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MobileNetV2Config {
    /// Factor on the backbone's channels, which are rounded to multiples of 8.
    pub width: f64,
    /// Principal components of the clip-level features that the head takes; 0 for none, as in the first stage.
    pub clip_features: usize,
    /// Number of clip-level features per clip; the handcrafted clip features are 1133.
    pub clip_feature_inputs: usize,
    /// Standardised clip-level features are clipped to this number of standard deviations; 0 clips nothing.
    pub clip_feature_limit: f64,
    /// Features of the two dense layers before the classifier.
    pub hidden: [usize; 2],
    /// Probability that a feature before the first dense layer is dropped in training. The original has no dropout.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps, in the backbone.
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root, in the backbone.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for MobileNetV2Config {
    fn default() -> Self {
        Self {
            width: 1.0,
            clip_features: 0,
            clip_feature_inputs: 1133,
            clip_feature_limit: 0.0,
            hidden: [1536, 384],
            drop_prob: 0.0,
            batch_norm_decay: 0.999,
            batch_norm_epsilon: 0.001,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl MobileNetV2Config {
    /// Channels at this width: a multiple of 8, at least 8, and not below 90 % of the exact number.
    pub(super) fn channels(&self, at_width_1: usize) -> usize {
        let exact = at_width_1 as f64 * self.width;
        let rounded = (((exact + 4.0) / 8.0).floor() * 8.0).max(8.0);
        let too_few = rounded < 0.9 * exact;
        (if too_few { rounded + 8.0 } else { rounded }) as usize
    }

    pub(super) fn norm(&self) -> BatchNormConfig {
        BatchNormConfig {
            decay: self.batch_norm_decay,
            epsilon: self.batch_norm_epsilon,
        }
    }
}

impl Check for MobileNetV2Config {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor above 0, at most 4; 1 is the published network";
        check_width(self.width, 4.0, remedy)?;
        let remedy = "choose 0 (spectrograms only) to 65536; 350 is the published network's second stage";
        ConfigError::check_range("clip-features", self.clip_features, 0..=65_536, remedy)?;
        let remedy = "choose 1 to 65536; there are 1133 handcrafted clip features";
        ConfigError::check_range(
            "clip-feature-inputs",
            self.clip_feature_inputs,
            1..=65_536,
            remedy,
        )?;
        let remedy = "choose at most clip-feature-inputs, whose components these are";
        let fits = self.clip_features <= self.clip_feature_inputs;
        ConfigError::unless(fits, "clip-features", self.clip_features, remedy)?;
        let remedy = "choose a number of standard deviations up to 1000000, such as 5; 0 clips nothing";
        ConfigError::check_range("clip-feature-limit", self.clip_feature_limit, 0.0..=1e6, remedy)?;
        let remedy = "choose two numbers from 1 to 16384; [1536, 384] is the published network";
        for hidden in self.hidden {
            ConfigError::check_range("hidden", hidden, 1..=16_384, remedy)?;
        }
        let remedy = "choose a probability from 0 (no dropout, as published) to below 1";
        check_drop_prob(self.drop_prob, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}
