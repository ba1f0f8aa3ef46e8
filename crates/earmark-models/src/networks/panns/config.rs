//! Settings of PANNs' networks.

use crate::blocks::BatchNormConfig;
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init, check_width};
use crate::params::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Factor by which all backbones except Cnn10's shrink the plane; nothing would remain of shorter planes.
pub(super) const SHRINKS: usize = 32;

/// The network between the normalised mel bands and the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PannsBackbone {
    /// Six blocks of two 3x3 convolutions.
    #[default]
    Cnn14,
    /// Four blocks of two 3x3 convolutions.
    Cnn10,
    /// MobileNet v1 with means over 2x2 instead of strides.
    #[serde(rename = "mobilenet-v1")]
    MobileNetV1,
    /// MobileNet v2 with means over 2x2 instead of strides.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2,
}

/// Settings of PANNs' networks; the defaults are the published Cnn14.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PannsConfig {
    /// Which of the four networks: `cnn14`, `cnn10`, `mobilenet-v1` or `mobilenet-v2`.
    pub backbone: PannsBackbone,
    /// Number of mel bands of the front end; each is normalised by itself.
    pub bands: usize,
    /// Factor on all channels; at least one channel remains.
    pub width: f64,
    /// Probability that a value after a block of Cnn14 or Cnn10 is dropped in training; 0 disables dropout.
    pub block_drop_prob: f64,
    /// Probability that a feature before a dense layer is dropped in training.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the weights are initialised.
    pub init: WeightInit,
}

impl Default for PannsConfig {
    fn default() -> Self {
        Self {
            backbone: PannsBackbone::Cnn14,
            bands: 64,
            width: 1.0,
            block_drop_prob: 0.2,
            drop_prob: 0.5,
            batch_norm_decay: 0.9,
            batch_norm_epsilon: 1e-5,
            init: WeightInit::GlorotUniform,
        }
    }
}

impl PannsConfig {
    pub(super) fn channels(&self, at_width_1: usize) -> usize {
        ((at_width_1 as f64 * self.width) as usize).max(1)
    }

    pub(super) fn norm(&self) -> BatchNormConfig {
        BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon)
    }
}

impl Check for PannsConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose 32 to 4096, as many as front-end.mel.bands; 64 is the published network";
        ConfigError::check_range("bands", self.bands, SHRINKS..=4096, remedy)?;
        let remedy = "choose a factor above 0, at most 4; 1 is the published network";
        check_width(self.width, 4.0, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; 0.2 is the published value";
        ConfigError::check_range("block-drop-prob", self.block_drop_prob, 0.0..1.0, remedy)?;
        check_drop_prob(self.drop_prob, "; 0.5 is the published value")?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}
