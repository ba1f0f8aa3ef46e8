//! Lengths that a recipe gives either in seconds or as a count.

use earmark_core::ConfigError;

/// A length given either in seconds (key `{of}-seconds`) or as a count (key `{of}-{count_unit}`), as a count of 1 or
/// more. Keys of errors are relative to the `section` of the front end.
pub(crate) fn length(
    section: &str,
    of: &str,
    count_unit: &str,
    seconds: Option<f64>,
    count: Option<u32>,
    per_second: f64,
) -> Result<usize, ConfigError> {
    const MOST: u32 = 1 << 24;
    let (seconds_key, count_key) = (format!("{of}-seconds"), format!("{of}-{count_unit}"));
    match (seconds, count) {
        (None, None) => {
            let remedy = format!("give it, or front-end.{section}.{count_key} instead");
            Err(ConfigError::new(seconds_key, "(missing)", remedy).because("is required"))
        }
        (Some(seconds), Some(count)) => {
            let reason = format!("is given together with front-end.{section}.{count_key} = {count}");
            Err(ConfigError::new(seconds_key, seconds, "keep one of the two").because(reason))
        }
        (None, Some(count)) => {
            let remedy = format!("must be 1 to {MOST} {count_unit}, for example 441");
            ConfigError::check_range(&count_key, count, 1..=MOST, &remedy)?;
            Ok(count as usize)
        }
        (Some(seconds), None) => {
            let rounded = (seconds * per_second).round_ties_even();
            if (1.0..=f64::from(MOST)).contains(&rounded) {
                return Ok(rounded as usize);
            }
            let remedy = format!("give seconds that make 1 to {MOST} {count_unit}, for example 0.01");
            Err(ConfigError::new(seconds_key, seconds, remedy)
                .because(format!("makes {rounded} {count_unit}")))
        }
    }
}
