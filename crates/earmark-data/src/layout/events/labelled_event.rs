//! A label with a start and an end.

use std::ops::Range;

/// A century: no recording is longer.
const MOST_SECONDS: f64 = 3.2e9;

/// Labels with a start and an end, as a row of a table has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelledEvent {
    /// The recording as the table names it; `None` in a table that names none.
    pub file: Option<String>,
    /// Where it begins in its recording, in microseconds.
    pub start_us: u64,
    /// Where it ends, in microseconds; not before its start.
    pub end_us: u64,
    /// Its labels; empty where labels are not read.
    pub labels: Vec<String>,
    /// The score, of a table that a detector wrote.
    pub score: Option<f32>,
    /// Lowest and highest frequency in hertz, where the table has them.
    pub band_hz: Option<[f64; 2]>,
    /// Line of the table, counted from 1.
    pub line: usize,
}

impl LabelledEvent {
    /// From start to end, in microseconds.
    pub fn span_us(&self) -> Range<u64> {
        self.start_us..self.end_us
    }

    /// The event, unless it ends before it begins or lacks a label.
    pub(super) fn checked(self, read_labels: bool) -> Result<Self, String> {
        if self.end_us < self.start_us {
            return Err(format!(
                "ends at {} s, before it begins at {} s; exchange the two, or correct one",
                self.end_us as f64 / 1e6,
                self.start_us as f64 / 1e6
            ));
        }
        if read_labels && self.labels.is_empty() {
            return Err("has no label; write one, or remove the row".to_owned());
        }
        Ok(self)
    }
}

/// A time in microseconds; the error says which one is wrong.
pub(super) fn time_us(cell: &str, what: &str) -> Result<u64, String> {
    let seconds = cell.parse::<f64>().ok();
    seconds.and_then(microseconds).ok_or_else(|| {
        format!("the {what} is {cell:?}; write seconds from the beginning of the recording, such as 3.25")
    })
}

/// Seconds as microseconds; `None` where no recording has that time.
pub(super) fn microseconds(seconds: f64) -> Option<u64> {
    (0.0..=MOST_SECONDS)
        .contains(&seconds)
        .then(|| (seconds * 1e6).round() as u64)
}

/// The band between two cells, where both are frequencies.
pub(super) fn band_hz(low: &str, high: &str) -> Option<[f64; 2]> {
    let hz = |cell: &str| cell.parse().ok().filter(|hz: &f64| *hz >= 0.0 && hz.is_finite());
    Some([hz(low)?, hz(high)?])
}

/// A score, where there is one.
pub(super) fn score(cell: &str) -> Option<f32> {
    cell.parse()
        .ok()
        .filter(|score: &f32| score.is_finite() && *score >= 0.0)
}
