//! `[train]`, `[batches]`, `[augment]`, `[folds]`, `[validation]`, `[checkpoints]` and `[cache]`.

use super::sizes::MOST_FOLDS;
use crate::Recipe;
use earmark_core::{Check, ConfigError, Within};
use earmark_engine::Begin;

impl Recipe {
    pub(super) fn check_training(&self) -> Result<(), ConfigError> {
        self.train.check().within("train")?;
        self.batches.check().within("batches")?;
        self.augment.check_with(&self.front_end).within("augment")?;
        if self.batches.length.is_some() && !self.augment.crops_frames() {
            let reason = "segments are cut by { kind = \"random-crop\" } in augment.list, which is missing";
            let remedy = "add it, or remove this key";
            return Err(ConfigError::new("batches.length", "(set)", remedy).because(reason));
        }
        if let Some(folds) = &self.folds {
            let remedy = format!("set 2 to {MOST_FOLDS}; 5 is usual");
            ConfigError::check_range("folds.count", folds.count, 2..=MOST_FOLDS, &remedy)?;
        }
        self.cache.check().within("cache")?;
        self.validation.check().within("validation")?;
        let mut phases = self.train.phases.iter();
        let best = phases.position(|phase| phase.begin == Begin::Best);
        if let (Some(index), true) = (best, self.validation.split.may_be_empty()) {
            let key = format!("train.phases[{index}].begin");
            let reason = "without validation clips, no weights are the best";
            let remedy = "set validation.split without min-clips, or begin = \"last\"";
            return Err(ConfigError::new(key, "best", remedy).because(reason));
        }
        if self.front_end.segments.is_none() {
            let reason = "this network trains on segments of one length";
            let remedy = "set front-end.segments = { length-frames = ..., hop-frames = ... }";
            return Err(ConfigError::new("front-end.segments", "missing", remedy).because(reason));
        }
        self.checkpoints.check().within("checkpoints")
    }
}
