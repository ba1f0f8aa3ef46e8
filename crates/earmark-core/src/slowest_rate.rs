//! How slow a server may be: at a few bytes per second, nothing ever ends.

use std::time::Duration;

/// The lowest rate, averaged over the window of a [`RateWatch`].
pub const SLOWEST_BYTES_PER_SECOND: u64 = 20_000;

/// Watches the rate of one answer.
#[derive(Clone, Debug)]
pub struct RateWatch {
    /// What an average is taken over.
    window: Duration,
    /// When the current window began, after the begin of the answer.
    began: Duration,
    /// The bytes that there were then.
    bytes: u64,
}

impl RateWatch {
    /// For an answer that begins with `bytes` there.
    pub fn new(window: Duration, bytes: u64) -> Self {
        Self {
            window,
            began: Duration::ZERO,
            bytes,
        }
    }

    /// Whether a window has ended in which too little came; `elapsed` is the time since the begin of the answer,
    /// `bytes` are there.
    pub fn is_too_slow(&mut self, elapsed: Duration, bytes: u64) -> bool {
        let time = elapsed.saturating_sub(self.began);
        if time < self.window {
            return false;
        }
        let too_slow = bytes.saturating_sub(self.bytes) < least_bytes(time);
        (self.began, self.bytes) = (elapsed, bytes);
        too_slow
    }
}

/// The bytes that come at least in a time.
pub fn least_bytes(time: Duration) -> u64 {
    (time.as_secs_f64() * SLOWEST_BYTES_PER_SECOND as f64) as u64
}

/// The time that this many bytes may take.
pub fn longest_time(bytes: u64) -> Duration {
    Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_rate_is_averaged_over_a_window() {
        let mut watch = RateWatch::new(seconds(60), 500);
        // Nothing for most of a minute, then enough.
        assert!(!watch.is_too_slow(seconds(59), 500));
        assert!(!watch.is_too_slow(seconds(60), 1_200_500));
        // The next minute begins there.
        assert!(!watch.is_too_slow(seconds(119), 1_200_501));
        assert!(watch.is_too_slow(seconds(120), 2_400_499));
    }

    #[test]
    fn bytes_and_times_go_together() {
        assert_eq!(longest_time(4_066_513), seconds(203));
        assert_eq!(least_bytes(seconds(203)), 4_060_000);
        assert_eq!(longest_time(0), Duration::ZERO);
    }
}
