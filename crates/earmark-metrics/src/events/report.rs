//! All event metrics of one evaluation.

use earmark_core::Check;
use serde::Serialize;

use super::counts::RecordingCounts;
use super::event_based::count_events;
use super::intersection::count_intersections;
use super::options::EventMetricOptions;
use super::paired::{PairedEvents, PairedRecording};
use super::psds::Psds;
use super::scores::{EventMetric, EventScores};
use super::segment_based::count_segments;
use crate::Result;

/// The event metrics of one table of predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventReport {
    /// Recordings evaluated.
    pub recordings: usize,
    /// True events.
    pub reference_events: usize,
    /// Predicted events.
    pub predicted_events: usize,
    /// What counted as right.
    pub settings: EventMetricOptions,
    /// Of events in pairs.
    pub event_based: EventMetric,
    /// Of segments of a fixed length.
    pub segment_based: EventMetric,
    /// Of events by how much they overlap.
    pub intersection_based: EventMetric,
    /// The polyphonic sound detection score, for which several operating points are needed; set by callers that have
    /// them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psds: Option<Psds>,
}

impl EventReport {
    /// Computes everything except PSDS.
    ///
    /// # Errors
    /// An option that cannot work.
    pub fn compute(events: &PairedEvents, options: &EventMetricOptions) -> Result<Self> {
        options.check()?;
        let metric = |count: &dyn Fn(&PairedRecording) -> RecordingCounts, has_errors| {
            let counts: Vec<RecordingCounts> = events.recordings.iter().map(count).collect();
            EventMetric::of(&counts, &events.classes, has_errors, options.bootstrap.as_ref())
        };
        let criteria = &options.intersection;
        let amount = |of: fn(&PairedRecording) -> usize| -> usize { events.recordings.iter().map(of).sum() };
        Ok(Self {
            recordings: events.recordings.len(),
            reference_events: amount(|recording| recording.truth.len()),
            predicted_events: amount(|recording| recording.predicted.len()),
            settings: *options,
            event_based: metric(&|recording| count_events(recording, options), true)?,
            segment_based: metric(
                &|recording| count_segments(recording, options.segment_seconds),
                true,
            )?,
            intersection_based: metric(&|recording| count_intersections(recording, criteria), false)?,
            psds: None,
        })
    }

    /// The results over all classes, with the name of each, for a table.
    pub fn rows(&self) -> Vec<(&'static str, &EventScores)> {
        vec![
            ("event-based, micro", &self.event_based.micro),
            ("event-based, macro", &self.event_based.macro_mean),
            ("segment-based, micro", &self.segment_based.micro),
            ("segment-based, macro", &self.segment_based.macro_mean),
            ("intersections, micro", &self.intersection_based.micro),
            ("intersections, macro", &self.intersection_based.macro_mean),
        ]
    }
}
