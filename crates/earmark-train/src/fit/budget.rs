//! A budget of time: what fits into what is left of it, and what would be enough.

use earmark_core::human::human_duration;

/// How much more than the estimate is asked for, as other programs use the machine, too.
const SPARE: f64 = 1.15;

/// Whether what is left of a budget is enough for a way; without a budget it always is.
pub(super) fn fits(left: Option<f64>, seconds: f64) -> bool {
    left.is_none_or(|left| seconds <= left)
}

/// The value of `--minutes` with which something that takes about this many seconds fits.
pub(super) fn minutes(seconds: f64) -> String {
    format!("{:.0}", (SPARE * seconds / 60.0).ceil().max(1.0))
}

/// Why a way that takes about `seconds` is left out after `elapsed` ones, and what would be enough.
pub(super) fn too_long(seconds: f64, elapsed: f64) -> String {
    match seconds.is_finite() {
        true => format!(
            "it takes about {} more; --minutes {} would be enough",
            human_duration(seconds),
            minutes(elapsed + seconds)
        ),
        false => {
            "a step of it takes more memory than can be measured, so that its time is not known; without \
             --minutes it is tried"
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_fits_into_what_is_left() {
        assert!(fits(None, 1e6));
        assert!(fits(Some(40.0), 40.0));
        assert!(!fits(Some(40.0), 41.0));
        assert!(!fits(Some(-1.0), 0.0), "nothing is left");
        assert!(!fits(Some(40.0), f64::NAN) && fits(None, f64::NAN));
    }

    #[test]
    fn what_would_be_enough_is_enough() {
        // 118 s and a seventh more are 136 s.
        assert_eq!(
            too_long(100.0, 18.0),
            "it takes about 1 min 40 s more; --minutes 3 would be enough"
        );
        assert_eq!(minutes(0.001), "1");
        assert!(too_long(f64::NAN, 18.0).starts_with("a step of it takes more memory"));
    }
}
