//! What a check counts as odd.

use serde::{Deserialize, Serialize};

use crate::dataset::item::Item;

/// What counts as odd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckOptions {
    /// Number of folds: a class with fewer training clips cannot be in every fold.
    pub folds: usize,
    /// Ratio of the largest to the smallest class above which a warning is given.
    pub imbalance: f64,
    /// Level below which a recording counts as silent, in decibels below full scale; measured as half of the
    /// highest minus the lowest sample.
    pub silence_dbfs: f64,
    /// Share of samples in runs of three or more at full scale that makes a recording clipped.
    pub clipped_share: f64,
    /// The subsets for evaluation; all others are for training.
    pub evaluation_subsets: Vec<String>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        let evaluation = ["test", "eval", "valid", "validation", "val"];
        Self {
            folds: 5,
            imbalance: 20.0,
            silence_dbfs: -70.0,
            clipped_share: 0.001,
            evaluation_subsets: evaluation.map(str::to_owned).to_vec(),
        }
    }
}

impl CheckOptions {
    /// Whether an item is trained on.
    pub(super) fn is_training(&self, item: &Item) -> bool {
        !self.evaluation_subsets.contains(&item.subset)
    }
}
