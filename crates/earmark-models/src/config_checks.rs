//! Checks of settings that several networks share.

use crate::params::init::WeightInit;
use earmark_core::{ConfigError, Within};
use std::ops::Bound;

/// Checks `width`, a factor on all channels.
pub(crate) fn check_width(width: f64, most: f64, remedy: &str) -> Result<(), ConfigError> {
    let range = (Bound::Excluded(0.0), Bound::Included(most));
    ConfigError::check_range("width", width, range, remedy)
}

/// Checks `drop-prob`.
pub(crate) fn check_drop_prob(drop_prob: f64, remedy: &str) -> Result<(), ConfigError> {
    ConfigError::check_range("drop-prob", drop_prob, 0.0..1.0, remedy)
}

/// Checks `batch-norm-decay` and `batch-norm-epsilon`.
pub(crate) fn check_batch_norm(decay: f64, epsilon: f64) -> Result<(), ConfigError> {
    let remedy = "choose a share from 0 to below 1, such as 0.99";
    ConfigError::check_range("batch-norm-decay", decay, 0.0..1.0, remedy)?;
    check_positive(
        "batch-norm-epsilon",
        epsilon,
        "choose a small positive number, such as 0.001",
    )
}

/// Checks `init`.
pub(crate) fn check_init(init: WeightInit) -> Result<(), ConfigError> {
    match init {
        WeightInit::TruncatedNormal { standard_deviation } => check_positive(
            "standard-deviation",
            standard_deviation,
            "choose a positive number, such as 0.05",
        )
        .within("init"),
        WeightInit::GlorotUniform | WeightInit::KaimingNormal | WeightInit::FanInUniform => Ok(()),
    }
}

fn check_positive(key: &str, value: f64, remedy: &str) -> Result<(), ConfigError> {
    ConfigError::unless(value > 0.0 && value.is_finite(), key, value, remedy)
}
