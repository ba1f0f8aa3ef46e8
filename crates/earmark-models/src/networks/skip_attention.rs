//! The network of two experiments of argus-2019 (`corrections_002`, `corrections_003`): the skips and the attention of
//! `aux_skip_attention`, and one output.

use crate::architecture::{Architecture, ArchitectureConfig};
use crate::networks::aux_skip_attention::{AuxSkipAttentionConfig, Variant};
use crate::params::{VarBuilder, WeightInit};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of argus-2019's network without auxiliary outputs; the defaults are those of its experiment
/// `corrections_002`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SkipAttentionConfig {
    /// Channels of the first block; the others have 2, 4 and 8 times as many, the skips 8 times.
    pub base: usize,
    /// Probability that a feature before the hidden layer is dropped in training; before the logits it is half of that.
    pub drop_prob: f64,
    /// Number of channels per channel of the attention's bottleneck; it weighs `32 base` channels.
    pub ratio: usize,
    /// Rows and columns of the attention's window over positions; odd. The two experiments have 7 and 3.
    pub kernel: usize,
    /// Channels of the last convolution, in units of `base`.
    pub last_filters: usize,
    /// Features of the head's hidden layer, in units of `base`.
    pub last_fc: usize,
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the blocks' convolutions are initialised.
    pub init: WeightInit,
}

impl Default for SkipAttentionConfig {
    fn default() -> Self {
        Self {
            base: 64,
            drop_prob: 0.2,
            ratio: 16,
            kernel: 7,
            last_filters: 8,
            last_fc: 2,
            batch_norm_decay: 0.9,
            batch_norm_epsilon: 1e-5,
            init: WeightInit::KaimingNormal,
        }
    }
}

impl SkipAttentionConfig {
    /// The same as a network that could have auxiliary outputs.
    fn layers(&self) -> AuxSkipAttentionConfig {
        AuxSkipAttentionConfig {
            base: self.base,
            drop_prob: self.drop_prob,
            ratio: self.ratio,
            kernel: self.kernel,
            last_filters: self.last_filters,
            last_fc: self.last_fc,
            batch_norm_decay: self.batch_norm_decay,
            batch_norm_epsilon: self.batch_norm_epsilon,
            init: self.init,
            aux: false,
            ..Default::default()
        }
    }
}

impl Check for SkipAttentionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.layers().check_against(&Self::default().layers())
    }
}

impl ArchitectureConfig for SkipAttentionConfig {
    /// Declares the variables of AuxSkipAttention without those of `aux1`, `aux2` and `aux3`.
    fn declare(&self, b: &mut VarBuilder, input: usize, classes: usize) -> Arc<dyn Architecture> {
        let variant = Variant {
            name: "SkipAttention",
            config: self.layers(),
            recurrent: false,
        };
        variant.declare(b, input, classes)
    }
}
