//! Intersections of true and predicted events, as psds_eval counts them.

use std::collections::BTreeMap;

use earmark_core::{Check, ConfigError};
use serde::Serialize;

use super::counts::RecordingCounts;
use super::paired::{ClassSpan, PairedRecording};

/// How much events must overlap, as shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct IntersectionCriteria {
    /// Detection tolerance (DTC): the share of a prediction that true events of its class must cover.
    pub dtc: f64,
    /// Ground truth intersection (GTC): the share of a true event that such predictions must cover.
    pub gtc: f64,
    /// Cross-trigger tolerance (CTTC): the share of a false positive over true events of another class with which it is
    /// a cross-trigger of that class.
    pub cttc: f64,
}

impl Default for IntersectionCriteria {
    fn default() -> Self {
        Self {
            dtc: 0.5,
            gtc: 0.5,
            cttc: 0.3,
        }
    }
}

impl Check for IntersectionCriteria {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("dtc", self.dtc)?;
        ConfigError::check_share("gtc", self.gtc)?;
        ConfigError::check_share("cttc", self.cttc)
    }
}

/// What is counted of a class.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassIntersections {
    /// True events that are found.
    pub hits: u64,
    /// True events.
    pub reference: u64,
    /// How long they are altogether.
    pub reference_seconds: f64,
    /// Predictions that true events of the class cover too little.
    pub false_positives: u64,
    /// How many of those are cross-triggers of another class.
    pub cross_triggers: BTreeMap<usize, u64>,
}

/// Onset and offset.
type Span = (f64, f64);

/// The events of each class, without those that have no length; overlapping ones as one.
fn merged(events: &[ClassSpan]) -> BTreeMap<usize, Vec<Span>> {
    let mut classes: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.offset > event.onset) {
        let spans = classes.entry(event.class).or_default();
        match spans.last_mut() {
            Some(last) if event.onset < last.1 => last.1 = last.1.max(event.offset),
            _ => spans.push((event.onset, event.offset)),
        }
    }
    classes
}

/// The numbers of the spans that overlap another one, and for how long.
fn overlaps(spans: &[Span], with: Span) -> impl Iterator<Item = (usize, f64)> {
    let from = spans.partition_point(|span| span.1 <= with.0);
    let found = (from..)
        .zip(&spans[from..])
        .take_while(move |(_, span)| span.0 < with.1);
    found.map(move |(number, span)| (number, span.1.min(with.1) - span.0.max(with.0)))
}

/// Counts the intersections of a recording, by class.
pub(super) fn intersect(
    recording: &PairedRecording,
    criteria: &IntersectionCriteria,
) -> BTreeMap<usize, ClassIntersections> {
    let truth = merged(&recording.truth);
    let mut counts: BTreeMap<usize, ClassIntersections> = BTreeMap::new();
    for (class, spans) in &truth {
        let of_class = counts.entry(*class).or_default();
        of_class.reference = spans.len() as u64;
        of_class.reference_seconds = spans.iter().map(|span| span.1 - span.0).sum();
    }
    for (class, detections) in merged(&recording.predicted) {
        let of_class = counts.entry(class).or_default();
        let spans = truth.get(&class).map_or(&[][..], Vec::as_slice);
        let mut covered: Vec<Option<f64>> = vec![None; spans.len()];
        for detection in detections {
            let length = detection.1 - detection.0;
            let own: Vec<(usize, f64)> = overlaps(spans, detection).collect();
            let share: f64 = own.iter().map(|(_, seconds)| seconds / length).sum();
            if !own.is_empty() && share >= criteria.dtc {
                for (number, seconds) in own {
                    let (onset, offset) = spans[number];
                    *covered[number].get_or_insert(0.0) += seconds / (offset - onset);
                }
                continue;
            }
            // Behind the recording's end, nothing is wrong.
            if recording.seconds.is_none_or(|seconds| detection.0 < seconds) {
                of_class.false_positives += 1;
            }
            for (other, spans) in truth.iter().filter(|(other, _)| **other != class) {
                let shares: Vec<f64> = overlaps(spans, detection).map(|(_, s)| s / length).collect();
                if !shares.is_empty() && shares.iter().sum::<f64>() >= criteria.cttc {
                    *of_class.cross_triggers.entry(*other).or_default() += 1;
                }
            }
        }
        let hits = covered.iter().flatten().filter(|share| **share >= criteria.gtc);
        of_class.hits = hits.count() as u64;
    }
    counts
}

/// The same as right and wrong decisions.
pub(super) fn count_intersections(
    recording: &PairedRecording,
    criteria: &IntersectionCriteria,
) -> RecordingCounts {
    let mut counts = RecordingCounts::default();
    for (class, found) in intersect(recording, criteria) {
        let of_class = counts.of(class);
        of_class.true_positives = found.hits;
        of_class.false_positives = found.false_positives;
        of_class.false_negatives = found.reference - found.hits;
    }
    counts
}
