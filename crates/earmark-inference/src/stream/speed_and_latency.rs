//! Speed, latency and memory of stream tagging; times are counted in bins, so that memory does not grow.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Width and highest number of bins: ten seconds in all; longer times count in the last one.
const BIN_MS: f64 = 1.0;
const BINS: usize = 10_000;

/// Seconds of the stream after which memory should no longer grow.
const SETTLED_SECONDS: f64 = 60.0;

/// A histogram of times.
#[derive(Clone, Debug, Default)]
struct TimeHistogram {
    /// Times in each bin that has any.
    counts: BTreeMap<usize, u64>,
    worst_ms: f64,
    last_ms: f64,
}

impl TimeHistogram {
    fn add(&mut self, time: Duration) {
        let ms = 1e3 * time.as_secs_f64();
        let bin = ((ms / BIN_MS) as usize).min(BINS - 1);
        *self.counts.entry(bin).or_default() += 1;
        self.worst_ms = self.worst_ms.max(ms);
        self.last_ms = ms;
    }

    /// Quantile of the times: the upper end of its bin, at most the longest time.
    fn quantile_ms(&self, share: f64) -> Option<f64> {
        let all: u64 = self.counts.values().sum();
        let wanted = (share * all as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let (bin, _) = self.counts.iter().find(|(_, n)| {
            seen += **n;
            seen >= wanted
        })?;
        Some(((bin + 1) as f64 * BIN_MS).min(self.worst_ms))
    }
}

/// Costs of tagging so far.
#[derive(Clone, Debug, Default)]
pub struct StreamMeter {
    live: bool,
    rate_hz: u32,
    samples: u64,
    busy: Duration,
    scored: u64,
    skipped: u64,
    compute: TimeHistogram,
    latency: TimeHistogram,
    settled_mib: Option<f64>,
}

/// Milliseconds between the arrival of samples and their scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatencySummary {
    /// Median.
    pub median: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Maximum.
    pub worst: f64,
}

/// Costs of tagging a stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StreamSummary {
    /// Length of the stream.
    pub seconds: f64,
    /// Windows scored.
    #[serde(rename = "judged")]
    pub scored: u64,
    /// Windows skipped because scoring fell behind.
    pub skipped: u64,
    /// Sound dropped because the buffer was full.
    pub lost_seconds: f64,
    /// Seconds of sound scored per second of computation.
    pub x_real_time: f64,
    /// Median time to score a window, in milliseconds.
    pub compute_ms: Option<f64>,
    /// Only for streams in real time.
    pub latency_ms: Option<LatencySummary>,
    /// Memory of the process after a minute of the stream; `None` if the system does not report it.
    pub memory_mib_after_a_minute: Option<f64>,
    /// Memory of the process now; `None` if the system does not report it.
    pub memory_mib: Option<f64>,
}

impl StreamMeter {
    pub(super) fn new(live: bool, rate_hz: u32) -> Self {
        Self {
            live,
            rate_hz,
            ..Self::default()
        }
    }

    pub(super) fn received(&mut self, samples: usize) {
        self.samples += samples as u64;
        if self.settled_mib.is_none() && self.seconds() >= SETTLED_SECONDS {
            self.settled_mib = resident_mib();
        }
    }

    fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate_hz)
    }

    pub(super) fn busy(&mut self, time: Duration) {
        self.busy += time;
    }

    pub(super) fn scored(&mut self, compute: Duration, latency: Duration) {
        self.busy += compute;
        self.scored += 1;
        self.compute.add(compute);
        if self.live {
            self.latency.add(latency);
        }
    }

    pub(super) fn skipped(&mut self) {
        self.skipped += 1;
    }

    /// Milliseconds from the arrival of the last samples to their scores; `None` for streams that are not in real time.
    pub fn last_latency_ms(&self) -> Option<f64> {
        (self.live && self.scored > 0).then_some(self.latency.last_ms)
    }

    /// Milliseconds that the last window took to score.
    pub fn last_compute_ms(&self) -> f64 {
        self.compute.last_ms
    }

    /// Windows skipped so far.
    pub fn skipped_so_far(&self) -> u64 {
        self.skipped
    }

    /// Seconds of sound scored per second of computation; infinite at the start.
    pub fn x_real_time(&self) -> f64 {
        self.seconds() / self.busy.as_secs_f64()
    }

    pub(super) fn summary(&self, lost_seconds: f64) -> StreamSummary {
        let quantile = |share| self.latency.quantile_ms(share);
        let latency = quantile(0.5).zip(quantile(0.95));
        StreamSummary {
            seconds: self.seconds(),
            scored: self.scored,
            skipped: self.skipped,
            lost_seconds,
            x_real_time: self.x_real_time(),
            compute_ms: self.compute.quantile_ms(0.5),
            latency_ms: latency.map(|(median, p95)| LatencySummary {
                median,
                p95,
                worst: self.latency.worst_ms,
            }),
            memory_mib_after_a_minute: self.settled_mib,
            memory_mib: resident_mib(),
        }
    }
}

/// Resident memory of this process in MiB; `None` where the system has no `/proc`.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_a_sorted_list() {
        let mut bins = TimeHistogram::default();
        assert_eq!(bins.quantile_ms(0.5), None);
        let times: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 200) + 0.25).collect();
        times
            .iter()
            .for_each(|ms| bins.add(Duration::from_secs_f64(ms / 1e3)));
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        for share in [0.01, 0.5, 0.95, 1.0] {
            let exact = sorted[((share * 200.0_f64).ceil() as usize).max(1) - 1];
            let found = bins.quantile_ms(share).unwrap();
            assert!(
                (found - exact).abs() <= BIN_MS,
                "{share}: {found}, exactly {exact}"
            );
        }
        bins.add(Duration::from_secs(100));
        assert_eq!(bins.quantile_ms(1.0), Some(10_000.0));
        assert_eq!(bins.worst_ms, 1e5);
    }

    #[test]
    fn speed_counts_computation_and_latency_only_real_time() {
        let mut meter = StreamMeter::new(false, 8_000);
        meter.received(80_000);
        meter.busy(Duration::from_millis(100));
        meter.scored(Duration::from_millis(400), Duration::from_secs(5));
        assert!((meter.x_real_time() - 20.0).abs() < 1e-9);
        let summary = meter.summary(0.0);
        assert_eq!((summary.scored, summary.latency_ms), (1, None));
        assert_eq!(summary.memory_mib_after_a_minute, None);
        let mut live = StreamMeter::new(true, 8_000);
        live.scored(Duration::from_millis(4), Duration::from_millis(9));
        let latency = live.summary(0.0).latency_ms.unwrap();
        assert!((latency.worst - 9.0).abs() < 1e-6 && latency.median <= latency.worst);
    }
}
