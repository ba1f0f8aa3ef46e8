//! How long a download may take: at a few bytes per second, a large file would take days.

use earmark_core::slowest_rate::{least_bytes, longest_time};
use std::time::Duration;

/// What the rate of an answer is averaged over: a minute, with [`PATIENCE`](super::PATIENCE).
pub(super) fn window(patience: Duration) -> Duration {
    patience.saturating_mul(4)
}

/// Whether an attempt that broke was of use, so that the next one may follow at once: it brought bytes, and not too
/// slowly after the time that an answer may take.
pub(super) fn is_of_use(bytes: u64, time: Duration, patience: Duration) -> bool {
    bytes > 0 && bytes >= least_bytes(time.saturating_sub(patience))
}

/// The longest time for a file of this size, all attempts together: at the lowest rate, and five minutes more with the
/// usual patience.
pub(super) fn longest(bytes: u64, patience: Duration) -> Duration {
    patience.saturating_mul(20).saturating_add(longest_time(bytes))
}

#[cfg(test)]
mod tests {
    use super::super::PATIENCE;
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_rate_is_averaged_over_a_minute() {
        assert_eq!(window(PATIENCE), seconds(60));
    }

    #[test]
    fn an_attempt_is_of_use_by_what_it_brings_in_its_time() {
        assert!(
            is_of_use(1, seconds(2), PATIENCE),
            "a connection that breaks early"
        );
        assert!(!is_of_use(0, seconds(2), PATIENCE));
        assert!(!is_of_use(1_000, seconds(30), PATIENCE));
        assert!(is_of_use(300_000, seconds(30), PATIENCE));
    }

    /// A few megabytes in minutes, and the largest model in less than a day.
    #[test]
    fn the_whole_time_follows_from_the_size() {
        assert_eq!(longest(4_066_513, PATIENCE), seconds(300 + 203));
        assert!(longest(super::super::MAX_BYTES, PATIENCE) < seconds(16 * 3600));
        assert_eq!(longest(u64::MAX, Duration::MAX), Duration::MAX);
    }
}
