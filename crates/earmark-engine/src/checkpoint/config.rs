//! `[checkpoints]` of a recipe: how often a model file is written, and which ones stay.

use serde::{Deserialize, Serialize};

/// `[checkpoints]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Steps between checkpoints.
    pub every_steps: u64,
    /// Which checkpoints stay on disk.
    pub keep: KeepCheckpoints,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            every_steps: 100,
            keep: KeepCheckpoints::All,
        }
    }
}

impl CheckpointConfig {
    /// Whether a training of `total` steps writes a checkpoint after this one. An interruption writes one more at the step it
    /// happens, which is removed when the training resumes.
    pub fn wants(&self, step: u64, total: u64) -> bool {
        step > 0 && (step.is_multiple_of(self.every_steps) || step == total)
    }
}

/// Which checkpoints stay on disk. The best one is a file of its own and always stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeepCheckpoints {
    /// Every checkpoint, as the DCASE 2019 baseline does, so that all of them can be evaluated.
    All,
    /// The newest ones.
    Last {
        /// How many.
        count: usize,
    },
}
