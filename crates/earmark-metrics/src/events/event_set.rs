//! The events of recordings.

use std::collections::BTreeMap;

use super::file_names::FileFinder;
use crate::{MetricsError, Result};

/// Later times are not seconds: this is 30 years.
const LONGEST_SECONDS: f64 = 1e9;

/// A class from `onset` to `offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct TableEvent {
    /// Name of the class.
    pub class: String,
    /// Its start, in seconds.
    pub onset: f64,
    /// Its end, in seconds.
    pub offset: f64,
}

/// What a table says of one recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingEvents {
    /// Its length, if known.
    pub seconds: Option<f64>,
    /// Its events, in any order.
    pub events: Vec<TableEvent>,
}

/// The events of recordings, true or predicted. A recording may have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventSet {
    recordings: BTreeMap<String, RecordingEvents>,
    failed: BTreeMap<String, String>,
}

impl EventSet {
    /// Adds an event of the recording `file`; `place` says in errors where it is from.
    ///
    /// # Errors
    /// No name of a class, a time that is not a number from 0 to 30 years, or an end before the start.
    pub fn add(&mut self, file: &str, event: TableEvent, place: &dyn Fn() -> String) -> Result<()> {
        let TableEvent { class, onset, offset } = &event;
        let is_time = |time: &f64| (0.0..=LONGEST_SECONDS).contains(time);
        let problem = match () {
            () if class.is_empty() => {
                "an event has no class; name it, or leave the times empty, too".to_owned()
            }
            () if !is_time(onset) || !is_time(offset) => {
                format!("`{onset}` to `{offset}` are not times in seconds from the start of the recording")
            }
            () if offset < onset => format!("the event ends at {offset} s, before it begins at {onset} s"),
            () => {
                self.recordings
                    .entry(file.to_owned())
                    .or_default()
                    .events
                    .push(event);
                return Ok(());
            }
        };
        let place = place();
        Err(MetricsError::Table { place, problem })
    }

    /// Lists a recording, which may have no event.
    pub fn list(&mut self, file: &str) {
        self.recordings.entry(file.to_owned()).or_default();
    }

    /// Lists a recording with its length.
    pub fn set_seconds(&mut self, file: &str, seconds: f64) {
        self.recordings.entry(file.to_owned()).or_default().seconds = Some(seconds);
    }

    /// Sets the durations of recordings, which are found as predictions are; those that the table does not list are
    /// added, without events.
    ///
    /// # Errors
    /// A name that may mean several recordings.
    pub(super) fn add_lengths(&mut self, lengths: Vec<(String, f64)>) -> Result<()> {
        let names: Vec<String> = self.recordings.keys().cloned().collect();
        let finder = FileFinder::new(names.iter());
        for (file, seconds) in lengths {
            let known = finder.find(&file)?;
            self.set_seconds(known.map_or(&file, |number| &names[number]), seconds);
        }
        Ok(())
    }

    /// Notes that a recording could not be tagged, and why; it has no events.
    pub fn fail(&mut self, file: &str, reason: &str) {
        self.failed.insert(file.to_owned(), reason.to_owned());
    }

    /// Number of events.
    pub fn events(&self) -> usize {
        self.recordings
            .values()
            .map(|recording| recording.events.len())
            .sum()
    }

    /// The recordings by name.
    pub fn recordings(&self) -> &BTreeMap<String, RecordingEvents> {
        &self.recordings
    }

    /// Recordings that could not be tagged, with the reason.
    pub fn failed(&self) -> &BTreeMap<String, String> {
        &self.failed
    }
}
