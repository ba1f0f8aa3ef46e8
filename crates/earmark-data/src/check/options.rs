//! What a check counts as odd.

use crate::dataset::item::Item;
use crate::dataset::test_subset::usual_subset;
use crate::settings::settings;

/// Usual names of subsets for evaluation.
const EVALUATION: [&str; 7] = [
    "test",
    "testing",
    "eval",
    "evaluation",
    "valid",
    "validation",
    "val",
];

settings! {
    /// What counts as odd.
    pub struct CheckOptions {
        /// Number of folds: a class with fewer training clips cannot be in every fold.
        pub folds: usize = 5,
        /// Ratio of the largest to the smallest class above which a warning is given.
        pub imbalance: f64 = 20.0,
        /// Level below which a recording counts as silent, in decibels below full scale; measured as half of the
        /// highest minus the lowest sample.
        pub silence_dbfs: f64 = -70.0,
        /// Share of samples in runs of three or more at full scale that makes a recording clipped.
        pub clipped_share: f64 = 0.001,
        /// The subsets for evaluation; all others are for training.
        pub evaluation_subsets: Vec<String> = EVALUATION.map(str::to_owned).to_vec(),
    }
}

impl CheckOptions {
    /// Whether an item is trained on.
    pub(super) fn is_training(&self, item: &Item) -> bool {
        let usual = usual_subset(&item.subset).unwrap_or(&item.subset);
        let is_meant = |known: &String| *known == item.subset || known.eq_ignore_ascii_case(usual);
        !self.evaluation_subsets.iter().any(is_meant)
    }
}
