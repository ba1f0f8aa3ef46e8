//! How batches are made up.

use serde::{Deserialize, Serialize};

use super::sample::Sample;
use crate::augment::{Mix, Mixup};
use crate::setting::SettingError;

/// The order of the examples of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Order {
    /// A permutation of all examples of all clips.
    #[default]
    Permutation,
    /// Clips in random order, then examples through a shuffling buffer, as TensorFlow's `shuffle` does: each place is
    /// a random one of the next `window_examples`. Neighbours of one clip stay near each other.
    // Quirk(dcase2019-baseline): a window of 20,000 examples, smaller than its epoch.
    Windowed {
        /// Size of the buffer in examples.
        window_examples: usize,
    },
    /// Clips and their examples as they stand in the table: for scoring, not for training.
    Sequential,
}

/// Frames of the examples of a batch: one length for all of them, drawn anew for each batch, each length as likely.
///
/// For networks that take any length, which learn not to lean on one (S. Adapa's system for FSDKaggle2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RandomLength {
    /// The shortest.
    pub min_frames: usize,
    /// The longest.
    pub max_frames: usize,
}

impl RandomLength {
    fn check(self, section: &str) -> Result<(), SettingError> {
        if self.min_frames == 0 {
            return Err(SettingError::new(section, "min-frames", 0, "must be 1 or more"));
        }
        if self.max_frames < self.min_frames {
            let remedy = format!("must be min-frames ({}) or more", self.min_frames);
            return Err(SettingError::new(section, "max-frames", self.max_frames, remedy));
        }
        if self.max_frames > 1_000_000 {
            let remedy = "must be 1000000 or less";
            return Err(SettingError::new(section, "max-frames", self.max_frames, remedy));
        }
        Ok(())
    }
}

/// How batches are made up and how far ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BatchConfig {
    /// Examples in a batch.
    pub size: usize,
    /// Whether the last batch of an epoch is left out when it is not full.
    pub drop_last: bool,
    /// The order of the examples.
    pub order: Order,
    /// Epochs drawn from parts and classes; without this key an epoch has each example once.
    pub sample: Option<Sample>,
    /// A length for each batch, in place of `front-end.segments`' one for all; goes with a random crop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<RandomLength>,
    /// Batches made ahead of the training; more of them smooth out slow files and cost memory.
    pub prefetch: usize,
    /// Blending of examples; none without this key.
    pub mixup: Option<Mixup>,
    /// Mixing in one of several ways; takes the place of `mixup`.
    pub mix: Option<Mix>,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            size: 64,
            drop_last: true,
            order: Order::Permutation,
            sample: None,
            length: None,
            prefetch: 4,
            mixup: None,
            mix: None,
        }
    }
}

impl BatchConfig {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        if self.size == 0 {
            return Err(SettingError::new(section, "size", self.size, "must be 1 or more"));
        }
        if self.prefetch > 1024 {
            return Err(SettingError::new(
                section,
                "prefetch",
                self.prefetch,
                "must be 1024 or less",
            ));
        }
        if self.order == (Order::Windowed { window_examples: 0 }) {
            return Err(SettingError::new(
                section,
                "order.windowed.window-examples",
                0,
                "must be 1 or more",
            ));
        }
        if let Some(sample) = &self.sample {
            sample.check(&format!("{section}.sample"))?;
            if self.order != Order::Permutation {
                let remedy =
                    "has no meaning beside batches.sample, which draws the order; leave one of the two out";
                return Err(SettingError::new(section, "order", "(set)", remedy));
            }
        }
        self.length
            .map_or(Ok(()), |length| length.check(&format!("{section}.length")))?;
        if self.mixup.is_some() && self.mix.is_some() {
            let remedy = "stands beside batches.mix; keep one (mixup is also a mixer: { kind = \"mixup\", alpha = 0.5 })";
            return Err(SettingError::new(section, "mixup", "(set)", remedy));
        }
        self.mixup
            .iter()
            .try_for_each(|mixup| mixup.check(&format!("{section}.mixup")))?;
        self.mix
            .iter()
            .try_for_each(|mix| mix.check(&format!("{section}.mix")))
    }
}

/// Why no batches can be made from these clips with these settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A setting that can't work.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// There is nothing to make batches of.
    #[error("there is not one example: check that the table is not empty and that its files can be read")]
    NoExamples,
    /// Examples without content: no classes, channels, bands or frames.
    #[error(
        "examples of shape {shape:?} with {classes} classes hold nothing: check front-end and the class map"
    )]
    Empty {
        /// `[channels, bands, frames]`.
        shape: [usize; 3],
        /// Number of classes.
        classes: usize,
    },
    /// Clips of many lengths can't be stacked into a batch.
    #[error(
        "front-end.segments is missing: batches need examples of one length, for example length-seconds = 1.0"
    )]
    NoExampleLength,
    /// Every epoch would be empty.
    #[error(
        "batches.size = {size}: the set has only {examples} examples and incomplete batches are dropped; make it \
         {examples} or less, or set batches.drop-last = false"
    )]
    TooFewExamples {
        /// Examples in a batch.
        size: usize,
        /// Examples in the set.
        examples: usize,
    },
    /// A label past the last class: the items were read with another class map.
    #[error(
        "{file}: label {label} is out of range, there are {classes} classes; map the data set to this class map first"
    )]
    Label {
        /// The item's file.
        file: String,
        /// The class index found.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
}
