//! Minimum scores for classes to count as detected: the model's own, one for all classes, or a class's own.
//!
//! ```text
//! --threshold words -> ThresholdConfig -- resolve, with the model's classes and thresholds --> ClassThresholds
//!                      words, file                                                             resolved
//! ```

mod file;
mod resolved;
mod words;

pub use resolved::{ClassThresholds, ThresholdSource};

use crate::PipelineError;

/// Minimum score for a class to count as detected, where neither the settings nor the model have one.
pub const DEFAULT_THRESHOLD: f32 = 0.3;

/// The threshold of classes without one of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum BaseThreshold {
    /// The model's own for each class, else [`DEFAULT_THRESHOLD`].
    #[default]
    ModelOrDefault,
    /// The model's own; a model without any is refused.
    Model,
    /// One for all classes.
    All(f32),
}

/// A threshold that was given to a class.
#[derive(Clone, Debug, PartialEq)]
struct GivenThreshold {
    class: String,
    value: f32,
    /// Where it was given, to begin messages with.
    place: String,
}

/// Thresholds as they are asked for, of any model: `--threshold` of `tag` and `listen`.
///
/// A class's own value counts before a file's, and a file's before one for all. By default thresholds are the model's own, which
/// calibration chose, or else [`DEFAULT_THRESHOLD`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdConfig {
    base: BaseThreshold,
    /// Of files, which may name more classes than are detected.
    table: Vec<GivenThreshold>,
    classes: Vec<GivenThreshold>,
}

impl ThresholdConfig {
    /// One threshold, 0 to 1, for all classes.
    pub fn all(value: f32) -> Self {
        Self {
            base: BaseThreshold::All(value),
            ..Self::default()
        }
    }

    /// The same with a threshold, 0 to 1, for one class.
    #[must_use]
    pub fn with_class(mut self, class: &str, value: f32) -> Self {
        self.classes.push(GivenThreshold {
            class: class.to_owned(),
            value,
            place: format!("--threshold {class}={value}"),
        });
        self
    }

    /// Refuses values that are not scores.
    ///
    /// # Errors
    ///
    /// For a value outside 0 to 1.
    pub fn check(&self) -> Result<(), PipelineError> {
        if let BaseThreshold::All(value) = self.base {
            check_score(value, || format!("--threshold {value}"))?;
        }
        let mut given = self.table.iter().chain(&self.classes);
        given.try_for_each(|given| check_score(given.value, || given.place.clone()))
    }
}

fn check_score(value: f32, place: impl FnOnce() -> String) -> Result<(), PipelineError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    let place = place();
    Err(PipelineError::Request(format!(
        "{place}: give a number from 0 to 1"
    )))
}

#[cfg(test)]
mod tests;
