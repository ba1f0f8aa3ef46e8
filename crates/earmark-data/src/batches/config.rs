//! How batches are made up: the `[batches]` section of a recipe.

use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::random_length::RandomLength;
use super::sampling::Sampling;
use crate::augment::check_optional;
use crate::augment::mixing::{Mix, Mixup};
use crate::settings::settings;

/// The order of the segments of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum SegmentOrder {
    /// A permutation of all segments of all clips.
    #[default]
    Permutation,
    /// Clips in random order, then segments through a shuffling buffer, as TensorFlow's `shuffle` does: each is
    /// a random one of the next `window-segments`. Segments of one clip stay near each other.
    // Quirk(dcase2019-baseline): a buffer of 20,000 segments, smaller than its epoch.
    Windowed {
        /// Size of the buffer in segments.
        window_segments: usize,
    },
    /// Clips and their segments in table order: for scoring, not for training.
    Sequential,
}

settings! {
    /// How batches are made up.
    pub struct BatchConfig {
        /// Number of segments in a batch.
        pub size: usize = 64,
        /// Whether the last batch of an epoch is left out if it is not full.
        pub drop_last: bool = true,
        /// Whether an epoch is divided into batches of equal sizes, give or take one segment, instead of full ones and a last one of what is
        /// left. BatchNorm can be thrown off by a batch of two. Needs `drop-last = false`.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[schemars(!skip_serializing_if)]
        pub even: bool = false,
        /// The order of the segments.
        pub order: SegmentOrder = SegmentOrder::Permutation,
        /// Epochs drawn from subsets and classes. Default: an epoch has each segment once.
        pub sample: Option<Sampling> = None,
        /// A random length for each batch instead of the one of `front-end.segments`; needs a random crop in `augment.list`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub length: Option<RandomLength> = None,
        /// Number of batches prepared in advance; more smooth out slow files and cost memory.
        pub prefetch: usize = 4,
        /// Blending of segments. Default: none.
        pub mixup: Option<Mixup> = None,
        /// Mixing of segments in one of several ways, instead of `mixup`. Default: none.
        pub mix: Option<Mix> = None,
    }
}

impl Check for BatchConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_range("size", self.size, 1.., "must be 1 or more")?;
        ConfigError::check_range("prefetch", self.prefetch, ..=1024, "must be 1024 or less")?;
        if let SegmentOrder::Windowed { window_segments } = self.order {
            let key = "order.windowed.window-segments";
            ConfigError::check_range(key, window_segments, 1.., "must be 1 or more")?;
        }
        check_optional(&self.sample, "sample")?;
        let remedy = "has no effect with batches.sample, which draws the order; leave one of the two out";
        let ordered = self.order != SegmentOrder::Permutation;
        ConfigError::unless(self.sample.is_none() || !ordered, "order", "(set)", remedy)?;
        let remedy = "needs drop-last = false, as nothing is left over; set one of the two";
        ConfigError::unless(!(self.even && self.drop_last), "even", self.even, remedy)?;
        check_optional(&self.length, "length")?;
        let remedy =
            "batches.mix is set as well; keep one (mixup is also a mixer: { kind = \"mixup\", alpha = 0.5 })";
        let both = self.mixup.is_some() && self.mix.is_some();
        ConfigError::unless(!both, "mixup", "(set)", remedy)?;
        check_optional(&self.mixup, "mixup")?;
        check_optional(&self.mix, "mix")
    }
}
