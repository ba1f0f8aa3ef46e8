//! Settings of argus-2019's networks.

use crate::blocks::BatchNormConfig;
use crate::config_checks::{check_batch_norm, check_drop_prob, check_init};
use crate::params::WeightInit;
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the argus-2019 network; the defaults are the published network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuxSkipAttentionConfig {
    /// Channels of the first block; the others have 2, 4 and 8 times as many, the skips 8 times.
    pub base: usize,
    /// Probability that a feature before a head's hidden layer is dropped in training; before its logits it is half of
    /// that.
    pub drop_prob: f64,
    /// Whether the first three blocks' outputs skip to the end and are concatenated with the last one's.
    pub skips: bool,
    /// Whether attention weighs channels and positions before the last convolution.
    pub attention: bool,
    /// Whether each of the first three blocks has an auxiliary output, with `skips` or without.
    pub aux: bool,
    /// Number of channels per channel of the attention's bottleneck; it weighs `32 base` channels (`8 base` without
    /// skips).
    pub ratio: usize,
    /// Rows and columns of the attention's window over positions; odd.
    pub kernel: usize,
    /// Channels of the last convolution, in units of `base`.
    pub last_filters: usize,
    /// Features of each head's hidden layer, in units of `base`.
    pub last_fc: usize,
    /// Weights of the outputs' losses: main, then the third, second and first skip (used with `aux`).
    pub output_weights: [f64; 4],
    /// Share of the old moving statistic that each step keeps (PyTorch's momentum is 1 minus this).
    pub batch_norm_decay: f64,
    /// Added to the variance before the square root.
    pub batch_norm_epsilon: f64,
    /// How the blocks' convolutions are initialised.
    pub init: WeightInit,
}

impl Default for AuxSkipAttentionConfig {
    fn default() -> Self {
        Self {
            base: 64,
            drop_prob: 0.4,
            skips: true,
            attention: true,
            aux: true,
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

impl AuxSkipAttentionConfig {
    /// Channels before the last convolution: the fourth block's, and with skips as many of each.
    pub(super) fn joined(&self) -> usize {
        if self.skips { 32 * self.base } else { 8 * self.base }
    }

    pub(super) fn norm(&self) -> BatchNormConfig {
        BatchNormConfig::new(self.batch_norm_decay, self.batch_norm_epsilon)
    }

    /// Checks the settings of one of argus-2019's networks; remedies name the values of the `published` one.
    pub(in crate::networks) fn check_against(&self, published: &Self) -> Result<(), ConfigError> {
        let within = |key: &str, value: usize, most: usize, published: usize| {
            let remedy = format!("choose 1 to {most}; {published} is the published network");
            ConfigError::check_range(key, value, 1..=most, &remedy)
        };
        within("base", self.base, 1024, published.base)?;
        let hint = format!("; {} is the published value", published.drop_prob);
        check_drop_prob(self.drop_prob, &hint)?;
        // It divides the channels, of which at least one must remain.
        within("ratio", self.ratio, self.joined(), published.ratio)?;
        let odd = (1..=31).contains(&self.kernel) && self.kernel % 2 == 1;
        let remedy = format!(
            "choose an odd number from 1 to 31; {} is the published network",
            published.kernel
        );
        ConfigError::unless(odd, "kernel", self.kernel, remedy)?;
        within("last-filters", self.last_filters, 64, published.last_filters)?;
        within("last-fc", self.last_fc, 64, published.last_fc)?;
        let w = self.output_weights;
        let ok = w[0] > 0.0 && w.iter().all(|w| *w >= 0.0 && w.is_finite());
        let remedy = "choose four numbers: above 0 for the main output, 0 or more for the three others";
        ConfigError::unless(ok, "output-weights", format!("{w:?}"), remedy)?;
        check_batch_norm(self.batch_norm_decay, self.batch_norm_epsilon)?;
        check_init(self.init)
    }
}

impl Check for AuxSkipAttentionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.check_against(&Self::default())
    }
}
