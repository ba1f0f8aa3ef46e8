//! From scores of windows to events: what is detected, and from when to when.
//!
//! The scores of windows become scores of cells ([`WindowGrid`](super::windows::WindowGrid)). An event of a class is a run of cells
//! that reach its release level (threshold times [`EventRule::release`]), at least one of which reaches the threshold itself. This
//! hysteresis gives one event, not many, for a score that varies around the threshold. Events of a class at most
//! [`EventRule::merge_seconds`] apart are merged; then those shorter than [`EventRule::min_seconds`] are dropped.
//!
//! All of this is done window by window: only a few numbers per class and the events found are kept.

mod hysteresis_and_gaps;

pub use hysteresis_and_gaps::EventFinder;

use serde::{Deserialize, Serialize};

/// How the score of an event, and of a class in a whole recording, follows from those of its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventScore {
    /// The best cell, so that a short sound in a long recording counts in full.
    #[default]
    Max,
    /// The mean over all cells; of an event without the gaps that were merged.
    Mean,
}

/// When a class counts as detected.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRule {
    /// Minimum score, one per class.
    pub thresholds: Vec<f32>,
    /// An event lasts while its score is at least this share of the threshold, 0 to 1.
    pub release: f32,
    /// Events of a class with at most this gap are merged.
    pub merge_seconds: f64,
    /// Shorter events are dropped.
    pub min_seconds: f64,
    /// How the score of an event is computed.
    pub score: EventScore,
}

/// An event, with its class by number.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSpan {
    /// The class.
    pub class: usize,
    /// First sample.
    pub start: u64,
    /// First sample after it.
    pub end: u64,
    /// Its score.
    pub score: f32,
}

/// The events of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundEvents {
    /// Score of each class over the recording; empty without samples.
    pub scores: Vec<f32>,
    /// Events by start, then by class.
    pub spans: Vec<EventSpan>,
}

#[cfg(test)]
mod tests;
