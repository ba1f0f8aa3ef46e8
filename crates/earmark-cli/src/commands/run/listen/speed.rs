//! How fast a stream was tagged, in words.

use crate::prelude::*;
use earmark::inference::stream::StreamSummary;

/// Speed, latency, losses and memory, in a line.
pub fn describe(s: &StreamSummary) -> String {
    let milliseconds = |ms: f64| human_duration(ms / 1e3);
    let windows = human_amount(s.scored as usize, "window", "windows");
    let (seconds, speed, skipped) = (human_duration(s.seconds), s.x_real_time, s.skipped);
    let mut text = format!("{seconds} tagged, {windows} scored");
    // Of an empty stream, there is none.
    if speed.is_finite() {
        text += &format!(", {speed:.1} x real time");
    }
    if let Some(ms) = s.compute_ms {
        text += &format!("; {} per window", milliseconds(ms));
    }
    if let Some(l) = s.latency_ms {
        let [median, p95, worst] = [l.median, l.p95, l.worst].map(milliseconds);
        text += &format!("; latency {median} (95 % within {p95}, at most {worst})");
    }
    if skipped > 0 {
        let windows = human_amount(skipped as usize, "window", "windows");
        text += &format!("; {windows} skipped because this machine was too slow: choose a longer --hop");
    }
    if s.lost_seconds > 0.0 {
        text += &format!("; {} of sound lost", human_duration(s.lost_seconds));
    }
    match (s.memory_mib_after_a_minute, s.memory_mib) {
        (Some(early), Some(now)) => {
            text += &format!("; memory {early:.0} MiB after a minute, {now:.0} MiB at the end");
        }
        (None, Some(now)) => text += &format!("; memory {now:.0} MiB"),
        _ => {}
    }
    text
}
