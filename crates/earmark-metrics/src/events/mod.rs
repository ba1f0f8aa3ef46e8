//! Events (a class from when to when) against true events: segment-based, event-based and intersection-based metrics,
//! and PSDS.
//!
//! ```text
//! truth.csv -> EventSet ┐
//!                         ├ PairedEvents -> counts per recording and class -> EventReport
//! tags.csv  -> EventSet ┘
//! ```
//!
//! Segment-based and event-based metrics are those of sed_eval (Mesaros, Heittola and Virtanen, "Metrics for polyphonic
//! sound event detection", 2016), the intersections and [`Psds`] those of psds_eval (Bilen et al., "A framework for the
//! robust evaluation of sound event detection", 2020). What they leave open or refuse is decided as follows:
//!
//! - A class without reference events has no recall and no error rate and is in no mean of F1. A class without
//!   predictions has no precision; with reference events its F1 is 0.
//! - An event without length counts in event-based metrics; its segment is active unless it is on a border of segments.
//!   Intersections leave it out.
//! - Events of one class may overlap. Segments are active once, event-based matching takes each event by itself, and
//!   intersections take overlapping events as one.
//! - Where the length of a recording is known, segments behind its end don't count. A prediction that begins behind the
//!   end of a recording is not a false positive of PSDS and intersections.

mod counts;
mod event_based;
mod event_set;
mod file_names;
mod intersection;
mod matching;
mod options;
mod paired;
mod psds;
mod read;
mod report;
mod same_species;
mod scores;
mod segment_based;
mod thresholds;
mod windows;

pub use event_set::{EventSet, RecordingEvents, TableEvent};
pub use intersection::IntersectionCriteria;
pub use options::EventMetricOptions;
pub use paired::PairedEvents;
pub use psds::{Psds, PsdsOptions, psds};
pub use read::{EventColumns, OperatingPoints, read_durations};
pub use report::EventReport;
pub use scores::{ClassEventScores, EventMetric, EventScores};
pub use thresholds::{ChosenThresholds, EventThresholds, FoundSpan, ThresholdGoal, ThresholdQuality};
pub use windows::WindowTable;
