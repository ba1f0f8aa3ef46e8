//! True and predicted events of the same recordings.

use std::collections::{BTreeSet, HashMap};

use super::event_set::{EventSet, RecordingEvents, TableEvent};
use super::file_names::FileFinder;
use super::same_species::same_species;
use crate::tables::missing;
use crate::{MetricsError, Result};

/// An event, with its class by number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ClassSpan {
    pub class: usize,
    pub onset: f64,
    pub offset: f64,
}

/// A recording with its events by onset, then by offset and class.
#[derive(Clone, Debug)]
pub(super) struct PairedRecording {
    pub file: String,
    /// Its length, if known.
    pub seconds: Option<f64>,
    pub truth: Vec<ClassSpan>,
    pub predicted: Vec<ClassSpan>,
}

/// True and predicted events, recording by recording. The recordings are those of the truth.
#[derive(Clone, Debug)]
pub struct PairedEvents {
    /// All classes that occur, by name.
    pub(super) classes: Vec<String>,
    pub(super) recordings: Vec<PairedRecording>,
    extra: Vec<String>,
    failed: Vec<(String, String)>,
}

/// A recording of the truth and what was predicted for it.
struct Found<'a> {
    file: &'a String,
    truth: &'a RecordingEvents,
    predicted: Option<&'a RecordingEvents>,
}

impl PairedEvents {
    /// Finds the predictions of every recording of the truth by file name. A recording that the predictions don't have
    /// is one in which nothing was detected; one that could not be tagged is left out.
    ///
    /// # Errors
    /// A truth without recordings, predictions of which no recording or no class is in the truth, and names that may
    /// mean several recordings.
    pub fn new(truth: &EventSet, predicted: &EventSet) -> Result<Self> {
        Self::pair(truth, predicted, true)
    }

    /// The same; predictions that have nothing in common with the truth are refused only if they `must_agree`.
    pub(super) fn pair(truth: &EventSet, predicted: &EventSet, must_agree: bool) -> Result<Self> {
        let finder = FileFinder::new(truth.recordings().keys());
        let mut found: Vec<Found> = Vec::new();
        for (file, truth) in truth.recordings() {
            let predicted = None;
            found.push(Found {
                file,
                truth,
                predicted,
            });
        }
        let extra = add_predictions(&mut found, &finder, predicted)?;
        if must_agree && !extra.is_empty() && extra.len() == predicted.recordings().len() {
            let context = "no recording of the predictions is in the truth".to_owned();
            let strangers: Vec<&str> = extra.iter().map(String::as_str).collect();
            let hint = format!("; the truth has `{}`: give both the same names", found[0].file);
            return Err(missing(context, &strangers, hint));
        }
        let mut is_kept = vec![true; found.len()];
        for name in predicted.failed().keys() {
            if let Some(number) = finder.find(name)? {
                is_kept[number] = false;
            }
        }
        let mut kept = is_kept.into_iter();
        found.retain(|_| kept.next().unwrap_or(true));
        let (classes, numbers) = classes(&found, must_agree)?;
        let pair = |found: &Found| PairedRecording {
            file: found.file.clone(),
            seconds: found.truth.seconds.or(found.predicted.and_then(|p| p.seconds)),
            truth: spans(&found.truth.events, &numbers),
            predicted: found
                .predicted
                .map_or_else(Vec::new, |p| spans(&p.events, &numbers)),
        };
        let recordings = found.iter().map(pair).collect();
        let failed = predicted.failed().iter();
        Ok(Self {
            recordings,
            extra,
            failed: failed
                .map(|(file, reason)| (file.clone(), reason.clone()))
                .collect(),
            classes,
        })
    }

    /// Recordings with predictions that the truth does not list: left out.
    pub fn extra(&self) -> &[String] {
        &self.extra
    }

    /// Recordings that could not be tagged, with the reason: left out.
    pub fn failed(&self) -> &[(String, String)] {
        &self.failed
    }
}

/// Gives each recording of the truth its predictions; returns the recordings that the truth does not have.
fn add_predictions<'a>(
    found: &mut [Found<'a>],
    finder: &FileFinder,
    predicted: &'a EventSet,
) -> Result<Vec<String>> {
    if found.is_empty() {
        let (place, problem) = ("the truth".to_owned(), "lists no recording".to_owned());
        return Err(MetricsError::Table { place, problem });
    }
    let mut names: Vec<Option<&str>> = vec![None; found.len()];
    let mut extra = Vec::new();
    for (name, events) in predicted.recordings() {
        let Some(number) = finder.find(name)? else {
            extra.push(name.clone());
            continue;
        };
        if let Some(other) = names[number].replace(name) {
            let context = format!(
                "two recordings of the predictions may be `{}`",
                found[number].file
            );
            let hint = "; give them the same folders in both tables";
            return Err(missing(context, &[other, name.as_str()], hint));
        }
        found[number].predicted = Some(events);
    }
    Ok(extra)
}

/// The classes that occur, by name, and their numbers by every name that they have. Refused where both sides have
/// events but no class in common, if they must agree.
fn classes<'a>(found: &[Found<'a>], must_agree: bool) -> Result<(Vec<String>, HashMap<&'a str, usize>)> {
    let truth = found.iter().flat_map(|f| &f.truth.events);
    let predicted = found.iter().filter_map(|f| f.predicted).flat_map(|p| &p.events);
    let of_truth: BTreeSet<&str> = truth.map(|event| event.class.as_str()).collect();
    let of_predicted: BTreeSet<&str> = predicted.map(|event| event.class.as_str()).collect();
    let others = || of_predicted.difference(&of_truth);
    let same: Vec<(&str, &str)> = others()
        .filter_map(|name| Some((*name, same_species(name, &of_truth)?)))
        .collect();
    if must_agree
        && same.is_empty()
        && of_truth.is_disjoint(&of_predicted)
        && let Some(name) = of_truth.first()
        && !of_predicted.is_empty()
    {
        let context = "no class of the predictions is in the truth".to_owned();
        let strangers: Vec<&str> = of_predicted.into_iter().collect();
        let hint = format!("; the truth has `{name}`: spell classes the same way in both");
        return Err(missing(context, &strangers, hint));
    }
    let mut names: BTreeSet<&str> = of_truth.union(&of_predicted).copied().collect();
    names.retain(|name| same.iter().all(|(other, _)| other != name));
    let mut numbers: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
    for (name, class) in same {
        numbers.insert(name, numbers[class]);
    }
    Ok((names.into_iter().map(str::to_owned).collect(), numbers))
}

/// The events of numbered classes, in order.
pub(super) fn spans(events: &[TableEvent], numbers: &HashMap<&str, usize>) -> Vec<ClassSpan> {
    let span = |event: &TableEvent| {
        Some(ClassSpan {
            class: *numbers.get(event.class.as_str())?,
            onset: event.onset,
            offset: event.offset,
        })
    };
    let mut spans: Vec<ClassSpan> = events.iter().filter_map(span).collect();
    in_order(&mut spans);
    spans
}

/// Sorts events by onset, then by offset and class.
pub(super) fn in_order(spans: &mut [ClassSpan]) {
    spans.sort_by(|a, b| {
        let times = a.onset.total_cmp(&b.onset).then(a.offset.total_cmp(&b.offset));
        times.then(a.class.cmp(&b.class))
    });
}
