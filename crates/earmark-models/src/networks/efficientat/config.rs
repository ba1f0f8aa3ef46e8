//! Settings of EfficientAT's network.

use crate::blocks::activation::Activation;
use crate::blocks::conv_spec::ConvPadding;
use crate::blocks::inverted_residual::InvertedResidualSpec;
use crate::blocks::norm::BatchNormConfig;
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init, check_width};
use crate::params::init::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A block at width 1: kernel, channels of the depthwise convolution, channels out, squeeze-and-excitation, activation, and which of
/// the configured strides it has (`None`: 1).
type Block = (usize, usize, usize, bool, Activation, Option<usize>);

const RE: Activation = Activation::Relu;
pub(super) const HS: Activation = Activation::HardSwish;

const BLOCKS: [Block; 15] = [
    (3, 16, 16, false, RE, None),
    (3, 64, 24, false, RE, Some(0)),
    (3, 72, 24, false, RE, None),
    (5, 72, 40, true, RE, Some(1)),
    (5, 120, 40, true, RE, None),
    (5, 120, 40, true, RE, None),
    (3, 240, 80, false, HS, Some(2)),
    (3, 200, 80, false, HS, None),
    (3, 184, 80, false, HS, None),
    (3, 184, 80, false, HS, None),
    (3, 480, 112, true, HS, None),
    (3, 672, 112, true, HS, None),
    (5, 672, 160, true, HS, Some(3)),
    (5, 960, 160, true, HS, None),
    (5, 960, 160, true, HS, None),
];

/// Channels of the stem at width 1.
pub(super) const STEM: usize = 16;
/// Channels of the last convolution per channel of the last block.
pub(super) const LAST: usize = 6;

/// Settings of EfficientAT's network; the defaults are the published mn10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct EfficientAtConfig {
    /// Factor on every layer's channels, which are then rounded to a multiple of 8 (but not below 90 % of the value).
    pub width: f64,
    /// Strides of the four blocks that shrink the plane (the stem's is 2).
    pub strides: [usize; 4],
    /// Number of channels per inner channel of squeeze-and-excitation.
    pub squeeze_ratio: usize,
    /// Features of the hidden layer before the logits, at width 1.
    pub head: usize,
    /// Probability that a feature before the logits is dropped in training; 0 disables dropout.
    pub drop_prob: f64,
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the convolutions are initialised.
    pub init: WeightInit,
}

impl Default for EfficientAtConfig {
    fn default() -> Self {
        Self {
            width: 1.0,
            strides: [2; 4],
            squeeze_ratio: 4,
            head: 1280,
            drop_prob: 0.2,
            batch_norm_decay: 0.99,
            batch_norm_epsilon: 0.001,
            init: WeightInit::KaimingNormal,
        }
    }
}

/// The multiple of 8 nearest to `channels`, at least 8; the next one if the nearest is below 90 % of it (MobileNet's rule).
fn divisible(channels: f64) -> usize {
    let nearest = (((channels + 4.0) as usize) / 8 * 8).max(8);
    if (nearest as f64) < 0.9 * channels {
        nearest + 8
    } else {
        nearest
    }
}

impl EfficientAtConfig {
    pub(super) fn channels(&self, at_width_1: usize) -> usize {
        divisible(at_width_1 as f64 * self.width)
    }

    pub(super) fn norm(&self) -> BatchNormConfig {
        BatchNormConfig {
            decay: self.batch_norm_decay,
            epsilon: self.batch_norm_epsilon,
        }
    }

    /// The blocks, in channels of this width.
    pub(super) fn blocks(&self) -> [InvertedResidualSpec; 15] {
        let mut depth = self.channels(STEM);
        BLOCKS.map(|(kernel, expanded, output, squeeze, activation, stride)| {
            let (input, expanded) = (depth, self.channels(expanded));
            depth = self.channels(output);
            InvertedResidualSpec {
                input,
                expanded,
                output: depth,
                kernel,
                padding: ConvPadding::Symmetric([kernel / 2; 2]),
                stride: stride.map_or(1, |k| self.strides[k]),
                halved: false,
                activation,
                squeezed: squeeze.then(|| divisible((expanded / self.squeeze_ratio) as f64)),
            }
        })
    }
}

impl Check for EfficientAtConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a factor above 0, at most 16; 0.4 is mn04, 1 is mn10";
        check_width(self.width, 16.0, remedy)?;
        let remedy = "choose four strides from 1 to 4; [2, 2, 2, 2] is the published network";
        let ok = self.strides.iter().all(|s| (1..=4).contains(s));
        ConfigError::unless(ok, "strides", format!("{:?}", self.strides), remedy)?;
        let remedy = "choose 1 to 64; 4 is the published network";
        ConfigError::check_range("squeeze-ratio", self.squeeze_ratio, 1..=64, remedy)?;
        let remedy = "choose 1 to 16384 features; 1280 is the published network";
        ConfigError::check_range("head", self.head, 1..=16_384, remedy)?;
        let remedy = "choose a probability from 0 (no dropout) to below 1; 0.2 is the published value";
        check_drop_prob(self.drop_prob, remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

#[cfg(test)]
mod tests {
    use super::divisible;

    #[test]
    fn channels_are_multiples_of_eight_not_far_below() {
        // By hand: value, nearest multiple, what 90 % says.
        for (value, want) in [
            (1.0, 8),
            (6.4, 8),
            (9.6, 16),
            (11.0, 16),
            (12.0, 16),
            (16.0, 16),
            (67.0, 64),
            (68.0, 72),
            (28.8, 32),
            (44.8, 48),
        ] {
            assert_eq!(divisible(value), want, "{value}");
        }
    }
}
