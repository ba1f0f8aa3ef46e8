//! The events of a table, for whoever does not tag.

use super::tables::read_detections;
use crate::PipelineError;
use std::path::Path;

/// An event of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedEvent {
    /// The recording, as the table names it.
    pub file: String,
    /// Number of the class in [`TaggedEvents::classes`].
    pub class: usize,
    /// Start and end, in seconds.
    pub seconds: [f64; 2],
    /// The score.
    pub score: f32,
}

/// The events of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaggedEvents {
    /// Names of the classes, in the order in which they were met.
    pub classes: Vec<String>,
    /// The events, in the order of the table.
    pub events: Vec<TaggedEvent>,
}

impl TaggedEvents {
    /// Reads a table that `earmark tag` or another program wrote: CSV, Apache Parquet, JSON or JSON lines.
    ///
    /// # Errors
    /// For a file that can't be read, lacks a column or has an event that can't be.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let found = read_detections(path)?;
        let names = &found.files.names;
        let events = found.found.iter().map(|event| TaggedEvent {
            file: names[event.file].clone(),
            class: event.class,
            seconds: [event.start, event.end],
            score: event.score,
        });
        Ok(Self {
            events: events.collect(),
            classes: found.classes.names,
        })
    }
}
