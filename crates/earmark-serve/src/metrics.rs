//! Counts of what was served, as Prometheus reads them (text format 0.0.4). Nothing in them comes from a client.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Upper ends of the bins of answer times, in seconds.
const BINS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Times of answers of a route.
#[derive(Default)]
struct AnswerTimes {
    /// Answers no slower than each of [`BINS`].
    bins: [u64; BINS.len()],
    count: u64,
    seconds: f64,
}

#[derive(Default)]
struct Answers {
    by_status: BTreeMap<(&'static str, u16), u64>,
    times: BTreeMap<&'static str, AnswerTimes>,
}

/// What is counted.
#[derive(Default)]
pub(crate) struct Metrics {
    answers: Mutex<Answers>,
    bytes: AtomicU64,
    recordings: AtomicU64,
    cancelled: AtomicU64,
    refused_connections: AtomicU64,
}

/// What is so at the moment.
pub(crate) struct Gauges {
    pub waiting: usize,
    pub busy: usize,
    pub connections: usize,
    pub streams: usize,
}

impl Metrics {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer of a route.
    pub fn count_answer(&self, route: &'static str, status: u16, seconds: f64) {
        let mut answers = self.answers();
        *answers.by_status.entry((route, status)).or_default() += 1;
        let times = answers.times.entry(route).or_default();
        times.count += 1;
        times.seconds += seconds;
        for (count, end) in times.bins.iter_mut().zip(BINS) {
            *count += u64::from(seconds <= end);
        }
    }

    /// Counts received bytes of bodies.
    pub fn count_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a recording that was tagged, scored or embedded.
    pub fn count_recording(&self) {
        self.recordings.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request whose client went away.
    pub fn count_cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection for which there was no room.
    pub fn count_refused_connection(&self) {
        self.refused_connections.fetch_add(1, Ordering::Relaxed);
    }

    /// All counts as text.
    pub fn text(&self, now: &Gauges) -> String {
        let mut text = String::new();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let singles = [
            (
                "body_bytes_total",
                "Bytes of bodies received.",
                "counter",
                count(&self.bytes),
            ),
            (
                "recordings_total",
                "Recordings computed.",
                "counter",
                count(&self.recordings),
            ),
            (
                "cancelled_total",
                "Recordings whose client went away before the result.",
                "counter",
                count(&self.cancelled),
            ),
            (
                "refused_connections_total",
                "Connections refused for want of room.",
                "counter",
                count(&self.refused_connections),
            ),
            (
                "queue_waiting",
                "Recordings that wait.",
                "gauge",
                now.waiting as u64,
            ),
            (
                "queue_busy",
                "Recordings being computed.",
                "gauge",
                now.busy as u64,
            ),
            (
                "connections",
                "Open connections.",
                "gauge",
                now.connections as u64,
            ),
            ("streams", "Open streams.", "gauge", now.streams as u64),
        ];
        for (name, help, kind, value) in singles {
            head(&mut text, name, help, kind);
            line(&mut text, name, "", value);
        }
        let answers = self.answers();
        head(
            &mut text,
            "requests_total",
            "Requests by route and status.",
            "counter",
        );
        for ((route, status), count) in &answers.by_status {
            let labels = format!("{{route=\"{route}\",status=\"{status}\"}}");
            line(&mut text, "requests_total", &labels, count);
        }
        let help = "Time from the head of a request to its answer.";
        head(&mut text, "request_seconds", help, "histogram");
        for (route, times) in &answers.times {
            for (count, end) in times.bins.iter().zip(BINS) {
                let labels = format!("{{route=\"{route}\",le=\"{end}\"}}");
                line(&mut text, "request_seconds_bucket", &labels, count);
            }
            let all = format!("{{route=\"{route}\",le=\"+Inf\"}}");
            line(&mut text, "request_seconds_bucket", &all, times.count);
            let of_route = format!("{{route=\"{route}\"}}");
            line(&mut text, "request_seconds_sum", &of_route, times.seconds);
            line(&mut text, "request_seconds_count", &of_route, times.count);
        }
        text
    }
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP earmark_{name} {help}\n# TYPE earmark_{name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    // As above.
    let _ = writeln!(text, "earmark_{name}{labels} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_status_and_time() {
        let metrics = Metrics::default();
        metrics.count_answer("/v1/tag", 200, 0.05);
        metrics.count_answer("/v1/tag", 200, 0.3);
        metrics.count_answer("/v1/tag", 413, 100.0);
        metrics.count_bytes(7);
        let now = Gauges {
            waiting: 3,
            busy: 1,
            connections: 2,
            streams: 0,
        };
        let text = metrics.text(&now);
        for expected in [
            "# TYPE earmark_requests_total counter\n",
            "earmark_requests_total{route=\"/v1/tag\",status=\"200\"} 2\n",
            "earmark_requests_total{route=\"/v1/tag\",status=\"413\"} 1\n",
            "earmark_request_seconds_bucket{route=\"/v1/tag\",le=\"0.02\"} 0\n",
            "earmark_request_seconds_bucket{route=\"/v1/tag\",le=\"0.05\"} 1\n",
            "earmark_request_seconds_bucket{route=\"/v1/tag\",le=\"60\"} 2\n",
            "earmark_request_seconds_bucket{route=\"/v1/tag\",le=\"+Inf\"} 3\n",
            "earmark_request_seconds_sum{route=\"/v1/tag\"} 100.35\n",
            "earmark_request_seconds_count{route=\"/v1/tag\"} 3\n",
            "earmark_body_bytes_total 7\n",
            "earmark_queue_waiting 3\n",
        ] {
            assert!(text.contains(expected), "{expected}{text}");
        }
    }
}
