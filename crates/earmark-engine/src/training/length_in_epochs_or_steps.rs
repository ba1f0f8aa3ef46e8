//! How long a training or one of its phases is: steps, or epochs with a minimum of steps, so that it follows the data.

use earmark_core::ConfigError;
use earmark_core::human::human_amount;

/// A length as a recipe gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Length {
    /// Exactly these steps; or `epochs`.
    pub steps: Option<u64>,
    /// Passes over the data; or `steps`.
    pub epochs: Option<f64>,
    /// Steps that there are at least, however few clips make an epoch.
    pub min_steps: Option<u64>,
}

impl Length {
    /// Its steps.
    pub fn steps(self, steps_per_epoch: u64) -> u64 {
        match (self.steps, self.epochs) {
            (Some(steps), _) => steps,
            (None, Some(epochs)) => in_steps(epochs, steps_per_epoch).max(self.min_steps.unwrap_or_default()),
            (None, None) => 0,
        }
    }

    /// Whether `min-steps` makes it longer than its epochs.
    pub fn is_raised(self, steps_per_epoch: u64) -> bool {
        let by_epochs = self.epochs.map(|epochs| in_steps(epochs, steps_per_epoch));
        by_epochs.is_some_and(|steps| steps < self.steps(steps_per_epoch))
    }

    /// Its steps and where they come from, in words.
    pub fn describe(self, steps_per_epoch: u64) -> String {
        let steps = human_amount(self.steps(steps_per_epoch) as usize, "step", "steps");
        let Some(epochs) = self.epochs else { return steps };
        let amount = match epochs == 1.0 {
            true => "1 epoch".to_owned(),
            false => format!("{epochs} epochs"),
        };
        match self.is_raised(steps_per_epoch) {
            true => format!(
                "{steps}, the minimum (min-steps), as {amount} would be {}",
                in_steps(epochs, steps_per_epoch)
            ),
            false => format!("{steps} ({amount})"),
        }
    }

    /// Refuses a length that is missing, given twice or impossible.
    pub fn check(self) -> Result<(), ConfigError> {
        let refuse = |key, value: String, remedy| Err(ConfigError::new(key, value, remedy));
        match (self.epochs, self.steps, self.min_steps) {
            (None, None, _) => refuse("epochs", "missing".into(), "set epochs or steps here"),
            (Some(e), Some(_), _) => refuse(
                "epochs",
                e.to_string(),
                "steps is set as well; keep one of the two",
            ),
            (Some(e), None, _) if !(e > 0.0 && e <= 1e6) => refuse(
                "epochs",
                e.to_string(),
                "choose a number above 0, at most 1000000",
            ),
            (None, Some(0), _) => refuse("steps", "0".into(), "choose 1 or more"),
            (None, Some(_), Some(min)) => refuse(
                "min-steps",
                min.to_string(),
                "steps is set as well and is the whole length; keep one of the two",
            ),
            (_, _, Some(0)) => refuse("min-steps", "0".into(), "choose 1 or more, or leave it out"),
            _ => Ok(()),
        }
    }
}

/// Steps of some epochs, at least one.
fn in_steps(epochs: f64, steps_per_epoch: u64) -> u64 {
    ((epochs * steps_per_epoch as f64).round() as u64).max(1)
}

/// Refuses a learning rate that can't work.
pub(super) fn check_learning_rate(rate: f64) -> Result<(), ConfigError> {
    let remedy = "choose a positive number, such as 0.001";
    ConfigError::check_positive("learning-rate", rate, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_counts_for_few_clips_and_the_epochs_for_many() {
        let length = Length {
            epochs: Some(12.0),
            min_steps: Some(300),
            ..Length::default()
        };
        // 5 clips per class of 10 classes in batches of 16; and 500 per class.
        assert_eq!((length.steps(4), length.steps(313)), (300, 3756));
        assert!(length.is_raised(4) && !length.is_raised(25) && !length.is_raised(313));
        assert_eq!(
            length.describe(4),
            "300 steps, the minimum (min-steps), as 12 epochs would be 48"
        );
        assert_eq!(length.describe(313), "3756 steps (12 epochs)");
    }

    #[test]
    fn without_a_minimum_lengths_are_as_they_were() {
        let of = |steps, epochs| Length {
            steps,
            epochs,
            min_steps: None,
        };
        for (length, steps) in [
            (of(Some(7), None), 7),
            (of(None, Some(1.5)), 15),
            (of(None, Some(0.01)), 1),
        ] {
            assert_eq!(length.steps(10), steps);
            assert!(!length.is_raised(10));
        }
        assert_eq!(of(Some(7), None).describe(10), "7 steps");
        assert_eq!(of(None, Some(1.0)).describe(1), "1 step (1 epoch)");
    }

    #[test]
    fn contradictions_are_refused_by_key() {
        let refused = |steps, epochs, min_steps| {
            let length = Length {
                steps,
                epochs,
                min_steps,
            };
            length.check().unwrap_err().key
        };
        assert_eq!(refused(None, None, Some(3)), "epochs");
        assert_eq!(refused(Some(3), None, Some(3)), "min-steps");
        assert_eq!(refused(None, Some(1.0), Some(0)), "min-steps");
    }
}
