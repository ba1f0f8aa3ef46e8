//! How long work will still take, by how long its last steps took. A pause, as of a machine that was suspended or of a
//! process that was stopped, is not time that was worked.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Intervals that count.
const MOST: usize = 32;

/// An interval is at least as long as this, in seconds: shorter ones say little.
const SHORTEST: f64 = 1.0;

/// An interval is a pause where it is longer than this, in seconds, ...
const LONGEST: f64 = 60.0;

/// ... and its steps took this many times as long as others do.
const FACTOR: f64 = 20.0;

/// What is known of the last steps.
#[derive(Debug)]
pub struct TimeLeft {
    intervals: VecDeque<Interval>,
    /// When the current interval began, and the steps that were done then.
    began: (Instant, u64),
    /// When the last step was done, and the steps that were done then.
    last: (Instant, u64),
    total: u64,
}

/// Some steps, one after the other.
#[derive(Clone, Copy, Debug)]
struct Interval {
    seconds: f64,
    steps: u64,
}

impl Interval {
    fn seconds_per_step(&self) -> f64 {
        self.seconds / self.steps as f64
    }
}

impl TimeLeft {
    /// From now on: what was done before took no time.
    pub fn new(now: Instant, done: u64, total: u64) -> Self {
        Self {
            intervals: VecDeque::new(),
            began: (now, done),
            last: (now, done),
            total,
        }
    }

    /// Takes in how many steps are done.
    pub fn count(&mut self, now: Instant, done: u64, total: u64) {
        if done < self.last.1 {
            *self = Self::new(now, done, total);
        }
        self.total = total;
        if done == self.last.1 {
            return;
        }
        self.last = (now, done);
        let interval = self.since_began();
        if interval.seconds >= SHORTEST {
            self.intervals.truncate(MOST - 1);
            self.intervals.push_front(interval);
            self.began = self.last;
        }
    }

    /// The time that is left; `None` before the first step is done.
    pub fn at(&self, now: Instant) -> Option<Duration> {
        let step = self.seconds_per_step()?;
        let todo = self.total.saturating_sub(self.last.1) as f64 * step;
        // The step in work may be nearly done, or wait for the end of a pause.
        let waited = now.saturating_duration_since(self.last.0).as_secs_f64();
        Duration::try_from_secs_f64((todo - waited.min(step)).max(0.0)).ok()
    }

    /// From the beginning of the current interval to the last step.
    fn since_began(&self) -> Interval {
        let (began, before) = self.began;
        Interval {
            seconds: self.last.0.saturating_duration_since(began).as_secs_f64(),
            steps: self.last.1 - before,
        }
    }

    fn seconds_per_step(&self) -> Option<f64> {
        if self.intervals.is_empty() {
            let first = self.since_began();
            return (first.steps > 0).then(|| first.seconds_per_step());
        }
        let mut sorted: Vec<f64> = self.intervals.iter().map(Interval::seconds_per_step).collect();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted[(sorted.len() - 1) / 2];
        let is_pause = |of: &Interval| of.seconds > LONGEST && of.seconds_per_step() > FACTOR * usual;
        let worked = self.intervals.iter().filter(|interval| !is_pause(interval));
        let (seconds, steps) = worked.fold((0.0, 0), |(seconds, steps), interval| {
            (seconds + interval.seconds, steps + interval.steps)
        });
        Some(seconds / steps as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: f64 = 3.0 * 86_400.0;

    /// Work of a thousand steps, each as long as `seconds` says; what is left after each, in seconds.
    fn left(seconds: &[f64]) -> Vec<f64> {
        let mut now = Instant::now();
        let mut left = TimeLeft::new(now, 0, 1000);
        assert_eq!(left.at(now), None);
        let after = |(done, seconds): (usize, &f64)| {
            now += Duration::from_secs_f64(*seconds);
            left.count(now, done as u64 + 1, 1000);
            left.at(now).expect("an estimate").as_secs_f64()
        };
        seconds.iter().enumerate().map(after).collect()
    }

    fn is_near(got: f64, wanted: f64) -> bool {
        (got - wanted).abs() < 0.02 * wanted
    }

    #[test]
    fn steps_take_as_long_as_before() {
        let steady = left(&[2.0; 100]);
        assert!(
            is_near(steady[0], 1998.0) && is_near(steady[99], 1800.0),
            "{steady:?}"
        );
        // Short steps are counted together.
        let short = left(&[0.01; 500]);
        assert!(is_near(short[0], 9.99) && is_near(short[499], 5.0), "{short:?}");
    }

    #[test]
    fn a_pause_is_not_work() {
        for at in [1, 2, 5, 40, 98] {
            let mut seconds = [2.0; 100];
            seconds[at] += DAYS;
            let left = left(&seconds);
            // Right after the pause, and later.
            assert!(is_near(left[at], 2.0 * (999 - at) as f64), "{at}: {}", left[at]);
            assert!(is_near(left[99], 1800.0), "{at}: {}", left[99]);
        }
        // One before anything else is known is noticed with the next step.
        let mut seconds = [2.0; 100];
        seconds[0] += DAYS;
        let first = left(&seconds);
        assert!(is_near(first[1], 1996.0), "{}", first[1]);
    }

    #[test]
    fn work_that_became_slow_is_slow() {
        let mut seconds = [2.0; 100];
        seconds[30..].fill(100.0);
        let left = left(&seconds);
        assert!(is_near(left[99], 90_000.0), "{}", left[99]);
    }

    #[test]
    fn the_time_since_the_last_step_counts_for_one_step_at_most() {
        let start = Instant::now();
        let mut left = TimeLeft::new(start, 10, 20);
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        left.count(at(4), 12, 20);
        assert_eq!(left.at(at(5)), Some(Duration::from_secs(15)));
        assert_eq!(left.at(at(500)), Some(Duration::from_secs(14)));
        // Another beginning.
        left.count(at(501), 5, 20);
        assert_eq!(left.at(at(501)), None);
    }
}
