//! Numbers that the parser of the command line takes only within a range.

use std::num::NonZeroUsize;

/// A number that is neither infinite nor NaN.
pub fn finite(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("expected a number, such as 0.5".into()),
    }
}

/// The same in single precision.
pub fn finite_f32(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("expected a number, such as 0.5".into()),
    }
}

/// A count from 1 to `MOST`: more is a slip, and takes all memory.
pub fn count_to<const MOST: usize>(text: &str) -> Result<NonZeroUsize, String> {
    match text.trim().parse::<NonZeroUsize>() {
        Ok(count) if count.get() <= MOST => Ok(count),
        _ => Err(format!("expected a whole number from 1 to {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        for text in ["nan", "inf", "-inf", "1e999", "x", ""] {
            assert!(finite(text).is_err(), "{text}");
        }
        assert_eq!((finite("-0.5"), finite_f32("0.25")), (Ok(-0.5), Ok(0.25)));
        // Too large for single precision.
        assert!(finite("1e300").is_ok() && finite_f32("1e300").is_err());
        for text in ["0", "-1", "1001", "99999999999", "1.5", "nan"] {
            assert!(count_to::<1000>(text).is_err(), "{text}");
        }
        assert_eq!(count_to::<1000>("1000").map(NonZeroUsize::get), Ok(1000));
    }
}
