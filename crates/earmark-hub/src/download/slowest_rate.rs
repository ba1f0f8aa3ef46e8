//! How slow a server may be: at a few bytes per second, a large file would take days.

use std::time::Duration;

/// The lowest rate, averaged over four times the patience: a minute, with [`PATIENCE`](super::PATIENCE).
pub const SLOWEST_BYTES_PER_SECOND: u64 = 20_000;

/// Watches the rate of one answer.
pub(super) struct RateWatch {
    /// What an average is taken over.
    window: Duration,
    /// When the current window began, after the begin of the answer.
    began: Duration,
    /// The bytes that there were then.
    bytes: u64,
}

impl RateWatch {
    /// For an answer that begins with `bytes` on disk.
    pub fn new(patience: Duration, bytes: u64) -> Self {
        Self {
            window: patience.saturating_mul(4),
            began: Duration::ZERO,
            bytes,
        }
    }

    /// Whether a window has ended in which too little came; `elapsed` is the time since the begin of the answer,
    /// `bytes` are on disk.
    pub fn is_too_slow(&mut self, elapsed: Duration, bytes: u64) -> bool {
        let time = elapsed.saturating_sub(self.began);
        if time < self.window {
            return false;
        }
        let too_slow = bytes.saturating_sub(self.bytes) < least(time);
        (self.began, self.bytes) = (elapsed, bytes);
        too_slow
    }
}

/// Whether an attempt that broke was of use, so that the next one may follow at once: it brought bytes, and not too
/// slowly after the time that an answer may take.
pub(super) fn is_of_use(bytes: u64, time: Duration, patience: Duration) -> bool {
    bytes > 0 && bytes >= least(time.saturating_sub(patience))
}

/// The longest time for a file of this size, all attempts together: at the lowest rate, and five minutes more with the
/// usual patience.
pub(super) fn longest(bytes: u64, patience: Duration) -> Duration {
    let at_least = Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND);
    patience.saturating_mul(20).saturating_add(at_least)
}

/// The bytes that come at least in a time.
fn least(time: Duration) -> u64 {
    (time.as_secs_f64() * SLOWEST_BYTES_PER_SECOND as f64) as u64
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
        let mut watch = RateWatch::new(PATIENCE, 500);
        // Nothing for most of a minute, then enough.
        assert!(!watch.is_too_slow(seconds(59), 500));
        assert!(!watch.is_too_slow(seconds(60), 1_200_500));
        // The next minute begins there.
        assert!(!watch.is_too_slow(seconds(119), 1_200_501));
        assert!(watch.is_too_slow(seconds(120), 2_400_499));
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
