//! The recipe's sections `[train]` and `[validation]`.

use crate::init::start_config::StartConfig;
use crate::loss::Loss;
use crate::optim::config::OptimizerConfig;
use crate::optim::optimizer::GradientClip;
use crate::optim::schedule::Schedule;
use crate::refusal::Refusal;
use crate::scoring::random_crops::Stretches;
use crate::training::phase::{Begin, LayerRate, Phase, check_length, check_rates};
use earmark_features::Examples;
use earmark_metrics::Report;
use serde::{Deserialize, Serialize};

/// `[train]` of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainConfig {
    /// Where all randomness begins.
    #[serde(default)]
    pub seed: u64,
    /// Length of the training in epochs; or `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<f64>,
    /// Length of the training in steps (batches); or `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Learning rate that the schedule begins from.
    pub learning_rate: f64,
    /// What is minimised, and what a score is.
    #[serde(default)]
    pub loss: Loss,
    /// Parts of the data whose labels may be wrong; losses that know of noise treat their clips otherwise. A mixed example
    /// counts as what its first clip is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noisy_parts: Vec<String>,
    /// How weights move.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// How the rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Limits gradients; without this key they are taken as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<GradientClip>,
    /// Share of the old value that an exponential moving average of the weights keeps at each step; checkpoints then hold the
    /// average. 0 is off.
    #[serde(default)]
    pub average_decay: f64,
    /// Scopes (prefixes of names) of the variables that stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Learning rates by layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layer_rates: Vec<LayerRate>,
    /// The model whose weights are the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartConfig>,
    /// Phases, one after the other, instead of `epochs` or `steps`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
}

impl TrainConfig {
    /// Steps of the whole training.
    pub fn total_steps(&self, steps_per_epoch: u64) -> u64 {
        self.plan(steps_per_epoch).iter().map(|p| p.steps).sum()
    }

    /// Refuses values that can't work.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |key: &str, value: String, remedy| Err((key.to_owned(), value, remedy));
        if self.phases.is_empty() {
            check_length(self.epochs, self.steps, "")?;
        } else if self.epochs.is_some() || self.steps.is_some() {
            let key = if self.epochs.is_some() { "epochs" } else { "steps" };
            let remedy = "train.phases is set as well, and each phase has its own length; leave this out";
            return refuse(key, "(set)".into(), remedy);
        }
        for (k, phase) in self.phases.iter().enumerate() {
            phase.check(&format!("phases[{}].", k + 1))?;
            if k == 0 && phase.begin == Begin::Best {
                let remedy = "before the first phase nothing is the best yet; leave it out there";
                return refuse("phases[1].begin", "best".into(), remedy);
            }
        }
        check_rates(&self.layer_rates)?;
        if let Some(start) = &self.start {
            start.check()?;
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return refuse(
                "learning-rate",
                self.learning_rate.to_string(),
                "choose a positive number, such as 0.001",
            );
        }
        if !(0.0..1.0).contains(&self.average_decay) {
            return refuse(
                "average-decay",
                self.average_decay.to_string(),
                "choose 0 (off) to below 1, such as 0.999",
            );
        }
        let below =
            |section: &'static str| move |(key, value, remedy)| (format!("{section}.{key}"), value, remedy);
        self.loss
            .check()
            .map_err(|(key, value, remedy)| (format!("loss.{key}"), value, remedy))?;
        if self.loss.knows_noise() && self.noisy_parts.is_empty() {
            let remedy = "this loss needs to know which parts are noisy: train.noisy-parts = [\"noisy\"]";
            return refuse("noisy-parts", "missing".into(), remedy);
        }
        if !self.loss.knows_noise() && !self.noisy_parts.is_empty() {
            let remedy =
                "this loss treats all parts alike; leave it out, or choose train.loss.kind = \"by-part\"";
            return refuse("noisy-parts", format!("{:?}", self.noisy_parts), remedy);
        }
        self.optimizer.check().map_err(below("optimizer"))?;
        self.schedule.check().map_err(below("schedule"))?;
        if let Some(GradientClip::GlobalNorm { max } | GradientClip::Value { max }) = self.gradient_clip
            && !(max > 0.0 && max.is_finite())
        {
            return refuse("gradient-clip.max", max.to_string(), "choose a positive number");
        }
        Ok(())
    }
}

/// The result that steers plateaus, early stopping and the best checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Metric {
    /// Label-weighted label-ranking average precision.
    #[default]
    #[serde(rename = "lwlrap")]
    Lwlrap,
    /// Share of clips whose best score is a true label.
    #[serde(rename = "accuracy")]
    Accuracy,
    /// Mean average precision at 3.
    #[serde(rename = "map@3")]
    MapAt3,
    /// Mean over classes of average precision.
    #[serde(rename = "mAP")]
    MeanAp,
    /// Mean over classes of the area under the ROC curve.
    #[serde(rename = "auc")]
    Auc,
    /// Mean over clips of the logarithm of what their scores give their labels: minus the cross-entropy, so that the highest is the
    /// lowest validation loss.
    #[serde(rename = "log-likelihood")]
    LogLikelihood,
}

impl Metric {
    /// Its value in a report; `None` where it is not defined.
    pub fn of(self, report: &Report) -> Option<f64> {
        match self {
            Self::Lwlrap => report.lwlrap,
            Self::Accuracy => report.accuracy,
            Self::MapAt3 => report.map,
            Self::MeanAp => report.mean_ap,
            Self::Auc => report.auc,
            Self::LogLikelihood => report.log_likelihood,
        }
    }

    /// Its name in recipes, logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lwlrap => "lwlrap",
            Self::Accuracy => "accuracy",
            Self::MapAt3 => "map@3",
            Self::MeanAp => "mAP",
            Self::Auc => "auc",
            Self::LogLikelihood => "log-likelihood",
        }
    }
}

/// Where the validation clips come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum ValidationSplit {
    /// None: training runs to its end and the last checkpoint counts.
    None,
    /// A share of the training clips, stratified by label, clips of one group kept together. They are not trained on.
    HoldOut {
        /// Share of the clips.
        fraction: f64,
        /// Whether they are drawn from clips alone whose labels a human has verified (FSDKaggle2018's `manually_verified`), as a share of
        /// those. Other clips of their groups are neither validated with nor trained on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        verified: bool,
    },
    /// One of so many stratified folds of the training clips, clips of one group kept together: what a search judges a setting by.
    InnerFold {
        /// How many there are.
        count: u32,
        /// Which one, from 1.
        index: u32,
    },
    /// The judged fold itself, as argus published: every score made that way is marked optimistic.
    JudgedFold,
}

/// `[validation]` of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Where the clips come from.
    pub split: ValidationSplit,
    /// What is looked at.
    pub metric: Metric,
    /// Validate at every so many checkpoints.
    pub every_checkpoints: u64,
    /// End training after this many validations without a better one; 0 never does.
    pub early_stop_patience: u32,
    /// Tiles that a validation clip is cut into; by default the examples of the front end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<Examples>,
    /// Random stretches of several lengths that a validation clip is heard by, in place of tiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Stretches>,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self {
            split: ValidationSplit::None,
            metric: Metric::Lwlrap,
            every_checkpoints: 1,
            early_stop_patience: 0,
            tiles: None,
            lengths: None,
        }
    }
}

impl ValidationConfig {
    /// Refuses values that can't work.
    pub fn check(&self) -> Result<(), Refusal> {
        if let ValidationSplit::HoldOut { fraction, .. } = self.split
            && !(fraction > 0.0 && fraction < 1.0)
        {
            return Err((
                "split.fraction".into(),
                fraction.to_string(),
                "choose a share between 0 and 1, such as 0.1",
            ));
        }
        if let ValidationSplit::InnerFold { count, index } = self.split {
            if count < 2 {
                return Err(("split.count".into(), count.to_string(), "choose 2 or more"));
            }
            if !(1..=count).contains(&index) {
                let remedy = "choose 1 to split.count";
                return Err(("split.index".into(), index.to_string(), remedy));
            }
        }
        if let Some(lengths) = &self.lengths {
            if self.tiles.is_some() {
                let remedy = "validation.tiles is set as well; keep one of the two";
                return Err(("lengths".into(), "(set)".into(), remedy));
            }
            lengths
                .check()
                .map_err(|(key, value, remedy)| (format!("lengths.{key}"), value, remedy))?;
        }
        if self.every_checkpoints == 0 {
            return Err(("every-checkpoints".into(), "0".into(), "choose 1 or more"));
        }
        if self.split == ValidationSplit::None && self.early_stop_patience > 0 {
            let remedy = "early stopping needs validation clips: set validation.split";
            return Err((
                "early-stop-patience".into(),
                self.early_stop_patience.to_string(),
                remedy,
            ));
        }
        Ok(())
    }
}
