//! The polyphonic sound detection score: Bilen et al., "A framework for the robust evaluation of sound event detection"
//! (2020).

use std::collections::BTreeMap;

use earmark_core::{Check, ConfigError};
use serde::Serialize;

use super::event_set::EventSet;
use super::intersection::{ClassIntersections, IntersectionCriteria, intersect};
use super::paired::PairedEvents;
use crate::tables::missing;
use crate::{MetricsError, Result};

/// Rates are per hour.
const HOUR_SECONDS: f64 = 3600.0;

/// Weights of PSDS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PsdsOptions {
    /// Weight of cross-triggers in the effective false positive rate, 0 to 1.
    pub alpha_ct: f64,
    /// Weight of the standard deviation over classes in the effective true positive rate, 0 or more.
    pub alpha_st: f64,
    /// The highest effective false positive rate that counts, per hour.
    pub max_efpr: f64,
}

impl Default for PsdsOptions {
    fn default() -> Self {
        Self {
            alpha_ct: 0.0,
            alpha_st: 0.0,
            max_efpr: 100.0,
        }
    }
}

impl Check for PsdsOptions {
    fn check(&self) -> std::result::Result<(), ConfigError> {
        ConfigError::check_share("alpha-ct", self.alpha_ct)?;
        let is_weight = self.alpha_st >= 0.0 && self.alpha_st.is_finite();
        ConfigError::unless(
            is_weight,
            "alpha-st",
            self.alpha_st,
            "must be 0 or more; 0 and 1 are usual",
        )?;
        ConfigError::check_positive(
            "max-efpr",
            self.max_efpr,
            "must be above 0 per hour; 100 is usual",
        )
    }
}

/// The area under the curve of effective true positive rate over effective false positive rate, 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Psds {
    /// The score.
    pub value: f64,
    /// How many tables of predictions the curve was made from.
    pub operating_points: usize,
    /// Its weights.
    #[serde(flatten)]
    pub options: PsdsOptions,
    /// The same area of each class that has true events.
    pub per_class: BTreeMap<String, f64>,
}

/// Computes PSDS from the predictions of several operating points. Classes without true events are left out.
///
/// # Errors
/// An option that cannot work, a recording of unknown length, or no true events at all; and as [`PairedEvents::new`].
pub fn psds(
    truth: &EventSet,
    points: &[EventSet],
    criteria: &IntersectionCriteria,
    options: &PsdsOptions,
) -> Result<Psds> {
    criteria.check()?;
    options.check()?;
    // By class: effective false positive rate and true positive rate of each operating point.
    let mut curves: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    // Where the threshold is high, what is left may have nothing in common with the truth.
    let most = points.iter().map(EventSet::events).max();
    for point in points {
        let events = PairedEvents::pair(truth, point, Some(point.events()) == most)?;
        for (class, rates) in rates(&events, criteria, options.alpha_ct)? {
            curves.entry(class).or_default().push(rates);
        }
    }
    if curves.is_empty() {
        let (place, problem) = ("the truth".to_owned(), "has no event with a length".to_owned());
        return Err(MetricsError::Table { place, problem });
    }
    let mut edges: Vec<f64> = curves.values().flatten().map(|(rate, _)| *rate).collect();
    edges.retain(|rate| *rate < options.max_efpr);
    edges.push(0.0);
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    curves.values_mut().for_each(|curve| best_so_far(curve));

    let mut areas = vec![0.0; curves.len()];
    let mut value = 0.0;
    for (number, &from) in edges.iter().enumerate() {
        let to = edges.get(number + 1).copied().unwrap_or(options.max_efpr);
        let width = (to - from) / options.max_efpr;
        let heights: Vec<f64> = curves.values().map(|curve| height(curve, from)).collect();
        for (area, height) in areas.iter_mut().zip(&heights) {
            *area += width * height;
        }
        let mean = heights.iter().sum::<f64>() / heights.len() as f64;
        let variance = heights.iter().map(|h| (h - mean) * (h - mean)).sum::<f64>() / heights.len() as f64;
        value += width * (mean - options.alpha_st * variance.sqrt()).max(0.0);
    }
    Ok(Psds {
        value,
        operating_points: points.len(),
        options: *options,
        per_class: curves.into_keys().zip(areas).collect(),
    })
}

/// Sorts a curve by its first number, and makes the second the highest so far.
fn best_so_far(curve: &mut [(f64, f64)]) {
    curve.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut best = 0.0_f64;
    for (_, height) in curve {
        best = best.max(*height);
        *height = best;
    }
}

/// The height of a curve of steps; 0 before its first point.
fn height(curve: &[(f64, f64)], at: f64) -> f64 {
    let passed = curve.partition_point(|(rate, _)| *rate <= at);
    passed.checked_sub(1).map_or(0.0, |last| curve[last].1)
}

/// Effective false positive rate and true positive rate of each class with true events.
fn rates(
    events: &PairedEvents,
    criteria: &IntersectionCriteria,
    alpha_ct: f64,
) -> Result<Vec<(String, (f64, f64))>> {
    let unknown = events
        .recordings
        .iter()
        .filter(|recording| recording.seconds.is_none());
    let unknown: Vec<&str> = unknown.map(|recording| recording.file.as_str()).collect();
    if !unknown.is_empty() {
        let context = "PSDS needs the length of every recording; there is none for".to_owned();
        return Err(missing(
            context,
            &unknown,
            "; give a table with the columns file,seconds",
        ));
    }
    let hours = events.recordings.iter().filter_map(|r| r.seconds).sum::<f64>() / HOUR_SECONDS;
    let mut sums = vec![ClassIntersections::default(); events.classes.len()];
    for recording in &events.recordings {
        for (class, counts) in intersect(recording, criteria) {
            let sum = &mut sums[class];
            sum.hits += counts.hits;
            sum.reference += counts.reference;
            sum.reference_seconds += counts.reference_seconds;
            sum.false_positives += counts.false_positives;
            for (other, triggers) in counts.cross_triggers {
                *sum.cross_triggers.entry(other).or_default() += triggers;
            }
        }
    }
    let per_hour = |amount: u64, hours: f64| if amount == 0 { 0.0 } else { amount as f64 / hours };
    let with_events = sums.iter().filter(|sum| sum.reference > 0).count();
    let mut rates = Vec::with_capacity(with_events);
    for (class, sum) in events
        .classes
        .iter()
        .zip(&sums)
        .filter(|(_, sum)| sum.reference > 0)
    {
        let triggers = sum.cross_triggers.iter();
        let triggers = triggers.map(|(&other, &n)| per_hour(n, sums[other].reference_seconds / HOUR_SECONDS));
        // With one class there are no others to trigger.
        let cross_triggers = triggers.sum::<f64>() / (with_events - 1).max(1) as f64;
        let false_positives = per_hour(sum.false_positives, hours);
        let found = sum.hits as f64 / sum.reference as f64;
        rates.push((
            class.clone(),
            (false_positives + alpha_ct * cross_triggers, found),
        ));
    }
    Ok(rates)
}
