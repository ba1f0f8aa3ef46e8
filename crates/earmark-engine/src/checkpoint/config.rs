//! `[checkpoints]` of a recipe: how often a model file is written, and which ones stay.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};

/// `[checkpoints]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Steps between checkpoints; or `times`.
    pub every_steps: u64,
    /// Number of checkpoints, spread evenly over the planned steps, so that they follow the length of the training; or `every-steps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Which checkpoints stay on disk.
    pub keep: KeepCheckpoints,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            every_steps: EVERY_STEPS,
            times: None,
            keep: KeepCheckpoints::All,
        }
    }
}

/// What `every-steps` is by default.
const EVERY_STEPS: u64 = 100;

impl Check for CheckpointConfig {
    /// Refuses checkpoints that would never be written or kept.
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_range(
            "every-steps",
            self.every_steps,
            1..,
            "set 1 or more; 100 is usual",
        )?;
        if let Some(times) = self.times {
            ConfigError::check_range("times", times, 1.., "set 1 or more; 20 is usual")?;
            let remedy = "every-steps is set as well; keep one of the two";
            ConfigError::unless(self.every_steps == EVERY_STEPS, "times", times, remedy)?;
        }
        let none_kept = matches!(self.keep, KeepCheckpoints::Last { count: 0 });
        ConfigError::unless(!none_kept, "keep.count", 0, "keep at least 1")
    }
}

impl CheckpointConfig {
    /// The same for a training of `planned` steps: `times` becomes the steps between checkpoints, rounded up.
    #[must_use]
    pub fn resolved(self, planned: u64) -> Self {
        let every = |times: u64| planned.div_ceil(times.max(1)).max(1);
        Self {
            every_steps: self.times.map_or(self.every_steps, every),
            times: None,
            ..self
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> CheckpointConfig {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn checkpoints_follow_the_length_of_a_training() {
        let times = config(r#"{ "times": 20 }"#);
        let steps = |planned: u64| -> Vec<u64> {
            let config = times.resolved(planned);
            (1..=planned)
                .filter(|&step| config.wants(step, planned))
                .collect()
        };
        assert_eq!(
            (steps(300).len(), steps(6000).len(), steps(307).len()),
            (20, 20, 20)
        );
        assert_eq!((steps(300)[0], steps(6000)[0]), (15, 300));
        assert_eq!(steps(307).last(), Some(&307));
        // Shorter than that: after every step.
        assert_eq!(steps(3), [1, 2, 3]);
        let plain = CheckpointConfig::default();
        assert_eq!(plain.resolved(6000), plain);
    }

    #[test]
    fn both_intervals_at_once_are_refused() {
        let refused = |json: &str| config(json).check().unwrap_err().key;
        assert_eq!(refused(r#"{ "times": 20, "every-steps": 50 }"#), "times");
        assert_eq!(refused(r#"{ "times": 0 }"#), "times");
        assert_eq!(refused(r#"{ "every-steps": 0 }"#), "every-steps");
        config(r#"{ "times": 20 }"#).check().unwrap();
    }
}
