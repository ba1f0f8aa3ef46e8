//! Checks that several augmentations share.

use std::ops::RangeInclusive;

use earmark_core::ConfigError;

/// Refuses a value outside `range`.
pub(super) fn check_between(key: &str, value: f64, range: RangeInclusive<f64>) -> Result<(), ConfigError> {
    let remedy = format!("must be between {} and {}", range.start(), range.end());
    ConfigError::check_range(key, value, range, &remedy)
}

/// Refuses the two ends of a draw, given with their keys, if they are outside `range` or the wrong way round.
pub(super) fn check_ends(
    (low_key, low): (&str, f64),
    (high_key, high): (&str, f64),
    range: RangeInclusive<f64>,
) -> Result<(), ConfigError> {
    check_between(high_key, high, range.clone())?;
    check_between(low_key, low, range)?;
    let remedy = format!("must not be above {high_key} = {high}");
    ConfigError::unless(low <= high, low_key, low, remedy)
}

/// Refuses gains in decibels beyond `most` to either side, or the wrong way round.
pub(super) fn check_gains(min_db: f64, max_db: f64, most: f64) -> Result<(), ConfigError> {
    check_ends(("min-db", min_db), ("max-db", max_db), -most..=most)
}

/// Refuses numbers of masks of which none can be drawn.
pub(super) fn check_masks(min_masks: u32, max_masks: u32) -> Result<(), ConfigError> {
    let remedy = format!("must not be above max-masks = {max_masks}");
    ConfigError::unless(min_masks <= max_masks, "min-masks", min_masks, remedy)?;
    ConfigError::check_range("max-masks", max_masks, ..=100, "must be 100 or less")
}

/// Refuses aspects of rectangles that none can have; `note` is added to the remedies.
pub(super) fn check_aspect(min_aspect: f64, max_aspect: f64, note: &str) -> Result<(), ConfigError> {
    let remedy = format!("must be between 0.01 and 100{note}");
    ConfigError::check_range("max-aspect", max_aspect, 0.01..=100.0, &remedy)?;
    let remedy = format!("must be between 0.01 and max-aspect = {max_aspect}{note}");
    ConfigError::check_range("min-aspect", min_aspect, 0.01..=max_aspect, &remedy)
}

/// Refuses a constant that is not finite.
pub(super) fn check_finite(key: &str, value: f32) -> Result<(), ConfigError> {
    ConfigError::unless(value.is_finite(), key, value, "must be a finite number")
}

/// The weight of a choice that names none.
pub(super) fn one_weight() -> f64 {
    1.0
}

/// Refuses weights of which none can be drawn.
pub(crate) fn check_weights(key: &str, weights: impl Iterator<Item = f64>) -> Result<(), ConfigError> {
    let mut sum = 0.0;
    for (at, weight) in weights.enumerate() {
        let key = format!("{key}[{at}].weight");
        ConfigError::check_range(&key, weight, 0.0..=1e6, "must be between 0 and 1000000")?;
        sum += weight;
    }
    let remedy = "needs at least one entry with a weight above 0";
    ConfigError::unless(sum > 0.0, key, "(no weight)", remedy)
}
