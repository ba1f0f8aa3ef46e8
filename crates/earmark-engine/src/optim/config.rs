//! `[train.optimizer]` of a recipe: Adam or gradient descent, and their settings.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};

/// `[train.optimizer]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum OptimizerConfig {
    /// Adam (Kingma and Ba 2015).
    Adam {
        /// Decay of the first moment.
        #[serde(default = "beta_1")]
        beta_1: f64,
        /// Decay of the second moment.
        #[serde(default = "beta_2")]
        beta_2: f64,
        /// Added to the denominator, which keeps the division finite.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Whether epsilon is added after or before the bias correction.
        #[serde(default)]
        epsilon_rule: EpsilonRule,
        /// Decoupled weight decay (Loshchilov and Hutter 2019), per unit of learning rate; 0 is off.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Gradient descent with momentum as PyTorch and TensorFlow define it: `v = momentum v + g; w -= rate v`.
    Sgd {
        /// Share of the direction that each step keeps; 0 is plain gradient descent.
        #[serde(default)]
        momentum: f64,
        /// Weight decay, added to the gradient as `weight-decay * w`; 0 is off.
        #[serde(default)]
        weight_decay: f64,
    },
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

fn beta_1() -> f64 {
    0.9
}
fn beta_2() -> f64 {
    0.999
}
fn epsilon() -> f64 {
    1e-8
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Adam {
            beta_1: beta_1(),
            beta_2: beta_2(),
            epsilon: epsilon(),
            epsilon_rule: EpsilonRule::default(),
            weight_decay: 0.0,
        }
    }
}

impl Check for OptimizerConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let decay = |key, v: f64| {
            let remedy = "choose a number from 0 to below 1";
            ConfigError::check_range(key, v, 0.0..1.0, remedy)
        };
        let (Self::Adam { weight_decay, .. } | Self::Sgd { weight_decay, .. }) = *self;
        match *self {
            Self::Adam {
                beta_1,
                beta_2,
                epsilon,
                ..
            } => {
                decay("beta-1", beta_1)?;
                decay("beta-2", beta_2)?;
                let remedy = "choose a small positive number, such as 1e-8";
                ConfigError::unless(epsilon > 0.0 && epsilon.is_finite(), "epsilon", epsilon, remedy)?;
            }
            Self::Sgd { momentum, .. } => decay("momentum", momentum)?,
        }
        ConfigError::check_range(
            "weight-decay",
            weight_decay,
            0.0..f64::INFINITY,
            "choose 0 or more",
        )
    }
}
