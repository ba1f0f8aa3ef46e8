//! `[validation]` of a recipe: which clips validate a training, how they are scored, and when training stops early.

use super::validation_metric::ValidationMetric;
use crate::scoring::random_crops::RandomCrops;
use earmark_core::{Check, ConfigError, Within};
use earmark_features::Segments;
use serde::{Deserialize, Serialize};

/// Where the validation clips come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
        /// Whether they are drawn only from clips whose labels a human has verified (FSDKaggle2018's `manually_verified`), as a share of
        /// those. Other clips of their groups are neither validated on nor trained on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[schemars(!skip_serializing_if)]
        verified: bool,
        /// With fewer held-out clips than this, which would decide by chance, all clips are trained on and nothing validates.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(!skip_serializing_if)]
        min_clips: usize,
    },
    /// One of `count` stratified folds of the training clips, clips of one group kept together: what a search compares settings on.
    InnerFold {
        /// Number of folds.
        count: u32,
        /// Which fold, from 1.
        index: u32,
    },
    /// The test fold itself, as argus published: every score made that way is marked optimistic.
    #[serde(alias = "judged-fold")]
    TestFold,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl ValidationSplit {
    /// Whether there can be no validation clips.
    pub fn may_be_empty(self) -> bool {
        match self {
            Self::None => true,
            Self::HoldOut { min_clips, .. } => min_clips > 0,
            Self::InnerFold { .. } | Self::TestFold => false,
        }
    }

    /// The same where clips are needed for more than early stopping: they are held out, however few they are.
    #[must_use]
    pub fn with_any_clips(mut self) -> Self {
        if let Self::HoldOut { min_clips, .. } = &mut self {
            *min_clips = 0;
        }
        self
    }

    /// What a training without validation clips says about it, where clips would have been held out had there been more.
    pub fn describe_empty(self) -> Option<String> {
        match self {
            Self::HoldOut {
                fraction, min_clips, ..
            } if min_clips > 0 => Some(format!(
                "no clips are held out for validation: {fraction} of them would be fewer than validation.split.min-clips = {min_clips}; \
                 all are trained on, to the last step"
            )),
            _ => None,
        }
    }
}

/// `[validation]` of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Where the clips come from.
    pub split: ValidationSplit,
    /// The metric that chooses the best checkpoint and drives plateaus and early stopping.
    pub metric: ValidationMetric,
    /// Validate at every N-th checkpoint.
    pub every_checkpoints: u64,
    /// End training after this many validations without a better one; 0 never does.
    pub early_stop_patience: u32,
    /// Segments that a validation clip is cut into; by default those of the front end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
    /// Random crops of several lengths by which a validation clip is scored, in place of segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_crops: Option<RandomCrops>,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self {
            split: ValidationSplit::None,
            metric: ValidationMetric::Lwlrap,
            every_checkpoints: 1,
            early_stop_patience: 0,
            segments: None,
            random_crops: None,
        }
    }
}

impl Check for ValidationConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.split.check().within("split")?;
        let one = self.random_crops.is_none() || self.segments.is_none();
        let remedy = "validation.segments is set as well; keep one of the two";
        ConfigError::unless(one, "random-crops", "(set)", remedy)?;
        self.random_crops.check().within("random-crops")?;
        let remedy = "choose 1 or more";
        ConfigError::check_range("every-checkpoints", self.every_checkpoints, 1.., remedy)?;
        let patience = self.early_stop_patience;
        let possible = self.split != ValidationSplit::None || patience == 0;
        let remedy = "early stopping needs validation clips: set validation.split";
        ConfigError::unless(possible, "early-stop-patience", patience, remedy)
    }
}

impl Check for ValidationSplit {
    fn check(&self) -> Result<(), ConfigError> {
        match *self {
            Self::HoldOut { fraction, .. } => {
                let remedy = "choose a share between 0 and 1, such as 0.1";
                ConfigError::unless(fraction > 0.0 && fraction < 1.0, "fraction", fraction, remedy)
            }
            Self::InnerFold { count, index } => {
                ConfigError::check_range("count", count, 2.., "choose 2 or more")?;
                ConfigError::check_range("index", index, 1..=count, "choose 1 to split.count")
            }
            Self::None | Self::TestFold => Ok(()),
        }
    }
}
