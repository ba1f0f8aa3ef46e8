//! Checks of settings that several networks share.

use crate::params::WeightInit;
use earmark_core::{ConfigError, Within};
use std::ops::Bound;

/// Checks `width`, a factor on all channels.
pub(crate) fn check_width(width: f64, most: f64, remedy: &str) -> Result<(), ConfigError> {
    let range = (Bound::Excluded(0.0), Bound::Included(most));
    ConfigError::check_range("width", width, range, remedy)
}

/// Checks `drop-prob`; `hint` goes behind the remedy.
pub(crate) fn check_drop_prob(drop_prob: f64, hint: &str) -> Result<(), ConfigError> {
    let remedy = format!("choose a probability from 0 (no dropout) to below 1{hint}");
    ConfigError::check_range("drop-prob", drop_prob, 0.0..1.0, &remedy)
}

/// Checks `batch-norm-decay` and `batch-norm-epsilon`.
pub(crate) fn check_batch_norm(decay: f64, epsilon: f64) -> Result<(), ConfigError> {
    let remedy = "choose a share from 0 to below 1, such as 0.99";
    ConfigError::check_range("batch-norm-decay", decay, 0.0..1.0, remedy)?;
    let remedy = "choose a small positive number, such as 0.001";
    ConfigError::check_positive("batch-norm-epsilon", epsilon, remedy)
}

/// Checks `init`.
pub(crate) fn check_init(init: WeightInit) -> Result<(), ConfigError> {
    match init {
        WeightInit::TruncatedNormal { standard_deviation } => {
            let remedy = "choose a positive number, such as 0.05";
            ConfigError::check_positive("standard-deviation", standard_deviation, remedy).within("init")
        }
        WeightInit::GlorotUniform | WeightInit::KaimingNormal | WeightInit::FanInUniform => Ok(()),
    }
}
