//! `[[train.phases]]` of a recipe: phases of a training, one after the other.

use super::length_in_epochs_or_steps::{Length, check_learning_rate};
use crate::optim::{LayerRate, OptimizerConfig, Schedule};
use earmark_core::{Check, ConfigError, Within};
use serde::{Deserialize, Serialize};

/// Which weights a phase begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Begin {
    /// Those that the phase before ended with.
    #[default]
    Last,
    /// The best ones of validation so far.
    Best,
}

/// One of `[[train.phases]]`; what it leaves out is as in `[train]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Phase {
    /// Its length in epochs; or `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<f64>,
    /// Its length in steps; or `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// With `epochs`: steps that it has at least, however few clips there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_steps: Option<u64>,
    /// Learning rate at which its schedule begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// How the rate changes; steps and epochs count from the phase's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How weights move. Every phase begins with fresh moments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerConfig>,
    /// Prefixes of the variables that are frozen: they keep their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Vec<String>>,
    /// Other learning rates for some variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_rates: Option<Vec<LayerRate>>,
    /// Whether examples are mixed as `batches.mixup` or `batches.mix` says.
    #[serde(default = "yes")]
    pub mixing: bool,
    /// Which weights it begins with.
    #[serde(default)]
    pub begin: Begin,
    /// End the phase after this many validations without a better one than any before; 0 never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stop_patience: Option<u32>,
}

fn yes() -> bool {
    true
}

impl Phase {
    /// A phase that takes everything but its length from `[train]`.
    pub(super) fn of_length(length: Length) -> Self {
        let Length {
            steps,
            epochs,
            min_steps,
        } = length;
        Self {
            steps,
            epochs,
            min_steps,
            mixing: true,
            ..Self::default()
        }
    }

    /// How long it is.
    pub(super) fn length(&self) -> Length {
        Length {
            steps: self.steps,
            epochs: self.epochs,
            min_steps: self.min_steps,
        }
    }
}

impl Check for Phase {
    fn check(&self) -> Result<(), ConfigError> {
        self.length().check()?;
        self.learning_rate.map_or(Ok(()), check_learning_rate)?;
        self.schedule.check().within("schedule")?;
        self.optimizer.check().within("optimizer")?;
        self.layer_rates.check().within("layer-rates")
    }
}
