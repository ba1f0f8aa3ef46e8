//! Measuring times and peak memory.

use super::roofline::Roofline;
use earmark_core::random::{self, Purpose};
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Approximate minimum duration of a measurement.
const MIN_SECONDS: f64 = 0.5;
/// Maximum number of repetitions.
const MAX_REPEATS: usize = 200;

/// Time and memory of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepSpeed {
    /// Segments in a step.
    pub batch: usize,
    /// Median duration.
    pub seconds: f64,
    /// How much the durations differ: the distance of their quartiles over their median.
    pub spread: f64,
    /// Segments per second.
    pub items_per_second: f64,
    /// Peak memory of the process; on Linux only.
    pub peak_mib: Option<f64>,
    /// The least time it can take, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roofline: Option<Roofline>,
}

/// The median over calls of `once`, after a warm-up; `None` when stopped.
pub(super) fn measure(
    batch: usize,
    repeat: usize,
    stop: &AtomicBool,
    mut once: impl FnMut() -> f64,
) -> Option<StepSpeed> {
    forget_peak();
    let warm = once();
    let mut seconds = Vec::new();
    for _ in 0..repeats(repeat, warm) {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        seconds.push(once());
    }
    let spread = spread(&seconds);
    let seconds = median(seconds);
    Some(StepSpeed {
        batch,
        seconds,
        spread,
        items_per_second: batch as f64 / seconds,
        peak_mib: peak_mib(),
        roofline: None,
    })
}

/// Repetitions of something that took `seconds`: at least `least`, and enough to fill [`MIN_SECONDS`].
pub(super) fn repeats(least: usize, seconds: f64) -> usize {
    let enough = (MIN_SECONDS / seconds.max(1e-9)).ceil() as usize;
    enough.min(MAX_REPEATS).max(least)
}

/// The seconds that `work` takes.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

/// The median; NaN for no values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    (values[(n - 1) / 2] + values[n / 2]) / 2.0
}

/// The distance of the quartiles over the median; 0 for fewer than two values.
pub(super) fn spread(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if half == 0 {
        return 0.0;
    }
    let upper = sorted.split_off(sorted.len() - half);
    sorted.truncate(half);
    (median(upper) - median(sorted)) / median(values.to_vec())
}

/// Standard normal numbers.
pub(super) fn noise(n: usize) -> Vec<f32> {
    let mut rng = random::stream(1, &[Purpose::Augment as u64]);
    (0..n).map(|_| random::normal(&mut rng)).collect()
}

/// The most resident memory since [`forget_peak`], in MiB.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// Resets the kernel's peak; if that fails, peaks are those since the start of the program.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn spreads_are_those_of_the_middle_half() {
        assert_eq!(spread(&[4.0]), 0.0);
        assert_eq!(spread(&[3.0, 1.0]), 1.0);
        assert_eq!(spread(&[9.0, 4.0, 3.0, 5.0, 1.0]), 1.25);
        assert_eq!(spread(&[1.0, 2.0, 3.0, 100.0]), 20.0);
    }

    #[test]
    fn a_stopped_measurement_gives_nothing() {
        let stop = AtomicBool::new(true);
        assert!(measure(1, 3, &stop, || 1.0).is_none());
        let speed = measure(4, 3, &AtomicBool::new(false), || 0.5).unwrap();
        assert_eq!((speed.seconds, speed.items_per_second), (0.5, 8.0));
        assert_eq!(
            (repeats(3, 10.0), repeats(3, 0.05), repeats(3, 0.0)),
            (3, 10, 200)
        );
    }
}
