//! `[train.optimizer]` of a recipe.

use serde::{Deserialize, Serialize};

/// `[train.optimizer]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
        /// Keeps the division finite.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Where epsilon stands.
        #[serde(default)]
        epsilon_rule: EpsilonRule,
        /// Decoupled weight decay (Loshchilov and Hutter 2019), per unit of learning rate; 0 is off.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Gradient descent with momentum as PyTorch and TensorFlow define it: `v = momentum v + g; w -= rate v`.
    Sgd {
        /// 0 for plain gradient descent.
        #[serde(default)]
        momentum: f64,
        /// Added to the gradient as `weight-decay * w`.
        #[serde(default)]
        weight_decay: f64,
    },
}

/// Where Adam's epsilon stands relative to the bias correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
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

impl OptimizerConfig {
    /// The first key with a value that can't work: key, value, remedy.
    pub fn check(&self) -> Result<(), (&'static str, String, &'static str)> {
        let share = |key, v: f64| {
            if (0.0..1.0).contains(&v) {
                Ok(())
            } else {
                Err((key, v.to_string(), "choose a number from 0 to below 1"))
            }
        };
        let not_negative = |key, v: f64| {
            if v >= 0.0 && v.is_finite() {
                Ok(())
            } else {
                Err((key, v.to_string(), "choose 0 or more"))
            }
        };
        match *self {
            Self::Adam {
                beta_1,
                beta_2,
                epsilon,
                weight_decay,
                ..
            } => {
                share("beta-1", beta_1)?;
                share("beta-2", beta_2)?;
                if !(epsilon > 0.0 && epsilon.is_finite()) {
                    return Err((
                        "epsilon",
                        epsilon.to_string(),
                        "choose a small positive number, such as 1e-8",
                    ));
                }
                not_negative("weight-decay", weight_decay)
            }
            Self::Sgd {
                momentum,
                weight_decay,
            } => {
                share("momentum", momentum)?;
                not_negative("weight-decay", weight_decay)
            }
        }
    }
}
