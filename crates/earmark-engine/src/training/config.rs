//! `[train]` of a recipe.

use super::distil_config::DistilConfig;
use super::length_in_epochs_or_steps::{Length, check_learning_rate};
use super::phase::{Begin, Phase};
use super::train_precision::TrainPrecision;
use crate::init::start_config::StartConfig;
use crate::loss::Loss;
use crate::optim::{GradientClip, LayerRate, OptimizerConfig, Schedule};
use earmark_core::{Check, ConfigError, Within};
use serde::{Deserialize, Serialize};

/// `[train]` of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainConfig {
    /// Seed of all randomness.
    #[serde(default)]
    pub seed: u64,
    /// Length of the training in epochs; or `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<f64>,
    /// Length of the training in steps (batches); or `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// With `epochs`: steps that the training has at least, however few clips there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_steps: Option<u64>,
    /// Learning rate at which the schedule begins.
    pub learning_rate: f64,
    /// What training minimises, and how scores are made of logits.
    #[serde(default)]
    pub loss: Loss,
    /// Subsets of the data whose labels may be wrong; losses for noisy labels treat their clips differently. A mixed example
    /// counts as noisy if its first clip is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noisy_subsets: Vec<String>,
    /// How weights move at each step. Default: `adam`.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Limits gradients; without this key they are used as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<GradientClip>,
    /// Parts that each batch is cut into, computed one after the other, so that a step needs less memory. The gradients are those of
    /// the whole batch, but BatchNorm and losses that compare examples see a part at a time, and each part draws its own dropout
    /// masks; moving statistics follow the mean of the parts.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(!skip_serializing_if, range(min = 1))]
    pub gradient_accumulation: usize,
    /// What convolutions multiply on a GPU: `f32`, or `bf16` with weights, gradients and all else in single precision. On the CPU
    /// training is always in single precision.
    #[serde(default, skip_serializing_if = "is_single")]
    #[schemars(!skip_serializing_if)]
    pub precision: TrainPrecision,
    /// Share of the old value that an exponential moving average of the weights keeps at each step; checkpoints then hold the
    /// average. 0 is off.
    #[serde(default)]
    pub average_decay: f64,
    /// Whether BatchNorm's moving statistics follow faster at first: after t steps they keep at most (1 + t) / (10 + t) of their old
    /// value, so that they forget their start also where a training is too short for `network.batch-norm-decay`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub batch_norm_warm_up: bool,
    /// Prefixes of the variables that are frozen: they keep their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Other learning rates for some variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layer_rates: Vec<LayerRate>,
    /// The model whose weights training starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartConfig>,
    /// Teachers whose scores are part of the targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distil: Option<DistilConfig>,
    /// Phases, one after the other, in place of `epochs` or `steps`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
}

const fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_one(parts: &usize) -> bool {
    *parts == 1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_single(precision: &TrainPrecision) -> bool {
    *precision == TrainPrecision::F32
}

impl Check for TrainConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.check_phases()?;
        self.layer_rates.check().within("layer-rates")?;
        self.start.check().within("start")?;
        self.distil.check().within("distil")?;
        check_learning_rate(self.learning_rate)?;
        let parts = self.gradient_accumulation;
        ConfigError::unless(
            parts >= 1,
            "gradient-accumulation",
            parts,
            "choose 1 (off) or more",
        )?;
        let remedy = "choose 0 (off) to below 1, such as 0.999";
        ConfigError::check_range("average-decay", self.average_decay, 0.0..1.0, remedy)?;
        self.loss.check().within("loss")?;
        let flags = self.loss.uses_noisy_flags();
        if flags && self.noisy_subsets.is_empty() {
            let remedy = "this loss needs to know which subsets are noisy: train.noisy-subsets = [\"noisy\"]";
            return Err(ConfigError::new("noisy-subsets", "missing", remedy));
        }
        let (fine, found) = (flags || self.noisy_subsets.is_empty(), &self.noisy_subsets);
        let remedy =
            "this loss treats all subsets alike; leave it out, or choose train.loss.kind = \"by-subset\"";
        ConfigError::unless(fine, "noisy-subsets", format!("{found:?}"), remedy)?;
        self.optimizer.check().within("optimizer")?;
        self.schedule.check().within("schedule")?;
        self.gradient_clip.check().within("gradient-clip")
    }
}

impl TrainConfig {
    fn check_phases(&self) -> Result<(), ConfigError> {
        let length = self.length();
        if self.phases.is_empty() {
            length.check()?;
        }
        for (key, is_set) in [
            ("epochs", length.epochs.is_some()),
            ("steps", length.steps.is_some()),
            ("min-steps", length.min_steps.is_some()),
        ] {
            let remedy = "train.phases is set as well, and each phase has its own length; leave this out";
            ConfigError::unless(self.phases.is_empty() || !is_set, key, "(set)", remedy)?;
        }
        for (k, phase) in self.phases.iter().enumerate() {
            phase.check().within(&format!("phases[{k}]"))?;
        }
        let best_first = self.phases.first().is_some_and(|p| p.begin == Begin::Best);
        let remedy = "nothing is the best yet before the first phase; leave it out there";
        ConfigError::unless(!best_first, "phases[0].begin", "best", remedy)
    }

    /// The length of a training without phases.
    pub(super) fn length(&self) -> Length {
        Length {
            steps: self.steps,
            epochs: self.epochs,
            min_steps: self.min_steps,
        }
    }
}
