//! `batches.length` of a recipe: a random length for each batch.

use earmark_core::random::{self, Purpose};
use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::batch_position::BatchPosition;

/// A random length for the segments of each batch, each length as likely. For networks that take any length, so that
/// they do not depend on one (S. Adapa's system for FSDKaggle2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RandomLength {
    /// The shortest length in frames.
    pub min_frames: usize,
    /// The longest length in frames.
    pub max_frames: usize,
    /// Whether lengths follow the data: they are then between the quartiles of the training clips' own lengths, cut off
    /// at `min-frames` and `max-frames`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(!skip_serializing_if)]
    pub quartiles: bool,
}

impl Check for RandomLength {
    fn check(&self) -> Result<(), ConfigError> {
        let (least, most) = (self.min_frames, self.max_frames);
        ConfigError::check_range("min-frames", least, 1.., "must be 1 or more")?;
        let remedy = format!("must be min-frames ({least}) or more");
        ConfigError::check_range("max-frames", most, least.., &remedy)?;
        ConfigError::check_range("max-frames", most, ..=1_000_000, "must be 1000000 or less")
    }
}

impl RandomLength {
    /// The lengths for training clips of these numbers of frames.
    pub(super) fn of_clips(self, frames: impl Iterator<Item = usize>) -> Self {
        let mut frames: Vec<usize> = frames.collect();
        if !self.quartiles || frames.is_empty() || self.check().is_err() {
            return self;
        }
        frames.sort_unstable();
        // A quarter of the clips, rounded down, is shorter, and as many are longer.
        let (quarter, last) = (frames.len() / 4, frames.len() - 1);
        let within = |frames: usize| frames.clamp(self.min_frames, self.max_frames);
        Self {
            min_frames: within(frames[quarter.min(last)]),
            max_frames: within(frames[last - quarter.min(last)]),
            ..self
        }
    }

    /// Frames of the segments of a batch.
    pub(super) fn draw(self, seed: u64, at: BatchPosition) -> usize {
        let mut rng = random::stream(seed, &[Purpose::Length as u64, at.epoch, at.batch]);
        self.min_frames + random::below(&mut rng, self.max_frames - self.min_frames + 1)
    }
}
