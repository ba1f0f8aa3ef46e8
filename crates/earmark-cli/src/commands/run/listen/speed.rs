//! How fast a stream was tagged, in words.

use earmark::inference::stream::StreamSummary;
use earmark_core::human::{human_amount, human_duration};

/// Speed, latency, losses and memory, in a line.
pub fn describe(s: &StreamSummary) -> String {
    let milliseconds = |ms: f64| human_duration(ms / 1e3);
    let mut text = format!(
        "{} tagged, {} scored, {:.1} x real time",
        human_duration(s.seconds),
        human_amount(s.scored as usize, "window", "windows"),
        s.x_real_time
    );
    if let Some(ms) = s.compute_ms {
        text += &format!("; {} per window", milliseconds(ms));
    }
    if let Some(l) = s.latency_ms {
        text += &format!(
            "; latency {} (95 % within {}, at most {})",
            milliseconds(l.median),
            milliseconds(l.p95),
            milliseconds(l.worst)
        );
    }
    if s.skipped > 0 {
        text += &format!(
            "; {} windows skipped because this machine was too slow: choose a longer --hop",
            s.skipped
        );
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
