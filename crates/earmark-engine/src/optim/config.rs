//! `[train.optimizer]` of a recipe: Adam or gradient descent, and their settings.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};

/// `[train.optimizer]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OptimizerConfig {
    /// Adam (Kingma and Ba 2015).
    Adam(AdamConfig),
    /// Gradient descent with momentum as PyTorch and TensorFlow define it: `v = momentum v + g; w -= rate v`.
    Sgd(SgdConfig),
}

/// Settings of Adam.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct AdamConfig {
    /// Decay of the first moment.
    pub beta_1: f64,
    /// Decay of the second moment.
    pub beta_2: f64,
    /// Added to the denominator, which keeps the division finite.
    pub epsilon: f64,
    /// Whether epsilon is added after or before the bias correction.
    pub epsilon_rule: EpsilonRule,
    /// Decoupled weight decay (Loshchilov and Hutter 2019), per unit of learning rate; 0 is off.
    pub weight_decay: f64,
}

/// Where Adam's epsilon is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EpsilonRule {
    /// Added to the corrected root, as in the paper and PyTorch.
    #[default]
    AfterCorrection,
    /// Added to the uncorrected root ("epsilon hat"), as TensorFlow 1 does and so the DCASE 2019 baseline.
    BeforeCorrection,
}

/// Settings of gradient descent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct SgdConfig {
    /// Share of the direction that each step keeps; 0 is plain gradient descent.
    pub momentum: f64,
    /// Weight decay, added to the gradient as `weight-decay * w`; 0 is off.
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            epsilon_rule: EpsilonRule::default(),
            weight_decay: 0.0,
        }
    }
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Adam(AdamConfig::default())
    }
}

impl Check for OptimizerConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "choose a number from 0 to below 1";
        let decay = |key, v: f64| ConfigError::check_range(key, v, 0.0..1.0, remedy);
        let weight_decay = match self {
            Self::Adam(adam) => {
                decay("beta-1", adam.beta_1)?;
                decay("beta-2", adam.beta_2)?;
                let remedy = "choose a small positive number, such as 1e-8";
                ConfigError::check_positive("epsilon", adam.epsilon, remedy)?;
                adam.weight_decay
            }
            Self::Sgd(sgd) => {
                decay("momentum", sgd.momentum)?;
                sgd.weight_decay
            }
        };
        let not_negative = 0.0..f64::INFINITY;
        ConfigError::check_range("weight-decay", weight_decay, not_negative, "choose 0 or more")
    }
}
