//! How long a training or one of its phases is, in steps or epochs.

use earmark_core::ConfigError;

/// Steps of a length that is given in steps or epochs.
pub(super) fn steps_of(steps: Option<u64>, epochs: Option<f64>, steps_per_epoch: u64) -> u64 {
    match (steps, epochs) {
        (Some(steps), _) => steps,
        (None, Some(epochs)) => ((epochs * steps_per_epoch as f64).round() as u64).max(1),
        (None, None) => 0,
    }
}

/// Refuses a length that is missing, given twice or impossible.
pub(super) fn check_length(epochs: Option<f64>, steps: Option<u64>) -> Result<(), ConfigError> {
    let refuse = |key, value: String, remedy| Err(ConfigError::new(key, value, remedy));
    match (epochs, steps) {
        (None, None) => refuse("epochs", "missing".into(), "set epochs or steps here"),
        (Some(e), Some(_)) => refuse(
            "epochs",
            e.to_string(),
            "steps is set as well; keep one of the two",
        ),
        (Some(e), None) if !(e > 0.0 && e <= 1e6) => refuse(
            "epochs",
            e.to_string(),
            "choose a number above 0, at most 1000000",
        ),
        (None, Some(0)) => refuse("steps", "0".into(), "choose 1 or more"),
        _ => Ok(()),
    }
}

/// Refuses a learning rate that can't work.
pub(super) fn check_learning_rate(rate: f64) -> Result<(), ConfigError> {
    let remedy = "choose a positive number, such as 0.001";
    ConfigError::check_positive("learning-rate", rate, remedy)
}
