//! The network of one experiment of argus-2019 (`corr_noisy_003`): as `aux_skip_attention` to the last convolution;
//! then, in place of the global mean, the mean over bands, LSTMs over time in both directions, and a dense layer.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::networks::aux_skip_attention::{AuxSkipAttentionConfig, Variant};
use crate::params::{VarBuilder, WeightInit};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of argus-2019's recurrent network; the defaults are those of its experiment `corr_noisy_003`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RnnAuxSkipAttentionConfig {
    /// Channels of the first block; the others have 2, 4 and 8 times as many, the skips 8 times.
    pub base: usize,
    /// Probability that a feature before a head's hidden layer is dropped in training; before its logits it is half of
    /// that.
    pub drop_prob: f64,
    /// Number of channels per channel of the attention's bottleneck; it weighs `32 base` channels.
    pub ratio: usize,
    /// Rows and columns of the attention's window over positions; odd.
    pub kernel: usize,
    /// Channels of the last convolution and features of the LSTMs, in units of `base`.
    pub last_filters: usize,
    /// Features of each head's hidden layer, in units of `base`.
    pub last_fc: usize,
    /// Weights of the outputs' losses: main, then the third, second and first skip.
    pub output_weights: [f64; 4],
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the blocks' convolutions are initialised.
    pub init: WeightInit,
}

impl Default for RnnAuxSkipAttentionConfig {
    fn default() -> Self {
        Self {
            base: 64,
            drop_prob: 0.4,
            ratio: 16,
            kernel: 7,
            last_filters: 8,
            last_fc: 4,
            output_weights: [1.0, 0.4, 0.2, 0.1],
            batch_norm_decay: 0.9,
            batch_norm_epsilon: 1e-5,
            init: WeightInit::KaimingNormal,
        }
    }
}

impl RnnAuxSkipAttentionConfig {
    /// The layers that it has in common with AuxSkipAttention.
    fn layers(&self) -> AuxSkipAttentionConfig {
        AuxSkipAttentionConfig {
            base: self.base,
            drop_prob: self.drop_prob,
            ratio: self.ratio,
            kernel: self.kernel,
            last_filters: self.last_filters,
            last_fc: self.last_fc,
            output_weights: self.output_weights,
            batch_norm_decay: self.batch_norm_decay,
            batch_norm_epsilon: self.batch_norm_epsilon,
            init: self.init,
            ..Default::default()
        }
    }
}

impl Check for RnnAuxSkipAttentionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.layers().check_against(&Self::default().layers())
    }
}

impl ArchitectureConfig for RnnAuxSkipAttentionConfig {
    /// Declares the variables of AuxSkipAttention, and `rnn.forward.*`, `rnn.backward.*` and `rnn.dense.*`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let variant = Variant {
            name: "RnnAuxSkipAttention",
            config: self.layers(),
            recurrent: true,
        };
        variant.declare(b, input, classes)
    }
}
