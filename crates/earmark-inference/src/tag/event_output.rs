//! Events that are found without reading a recording, in scores of windows or in an index, written in the formats of
//! tagging.

use super::TagError;
use super::formats::{Format, FormatOptions, FormatWriter};
use super::resume_log::TagOutcome;
use super::scratch_file::ScratchFile;
use crate::error::folder_of;
use earmark_core::atomic::{self, WriteError};
use std::io::{self, Write};
use std::path::Path;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EventSummary {
    /// Recordings.
    pub recordings: usize,
    /// Their length.
    pub seconds: f64,
    /// Events in them.
    pub events: usize,
}

/// Events on the way to an output, one recording after the other, in constant memory.
pub(super) struct EventOutput<'a> {
    writer: FormatWriter<'a>,
    summary: EventSummary,
    holds_several: bool,
    of_several: &'static str,
}

impl<'a> EventOutput<'a> {
    /// Events of these classes, or of the best of them. Scratch files are made in `scratch`; `of_several` is what is
    /// said of a second recording in a format for one.
    pub fn new(
        format: Format,
        (classes, top): (&'a [String], Option<usize>),
        out: &'a mut dyn Write,
        scratch: &'a Path,
        of_several: &'static str,
    ) -> io::Result<Self> {
        let options = FormatOptions {
            classes,
            windows: false,
            top,
            grid: None,
            scratch: Some(scratch),
            times_and_places: None,
        };
        Ok(Self {
            writer: FormatWriter::new(format, options, out)?,
            summary: EventSummary::default(),
            holds_several: format.holds_several(),
            of_several,
        })
    }

    /// Adds a recording.
    pub fn add(&mut self, outcome: &TagOutcome) -> Result<(), TagError> {
        self.summary.recordings += 1;
        if self.summary.recordings > 1 && !self.holds_several {
            return Err(for_one_recording(self.of_several));
        }
        if let TagOutcome::Tagged(result) = outcome {
            self.summary.seconds += result.seconds;
            self.summary.events += result.events.len();
        }
        Ok(self.writer.add(outcome, &mut io::empty())?)
    }

    /// Writes what comes last.
    pub fn finish(self) -> io::Result<EventSummary> {
        self.writer.finish()?;
        Ok(self.summary)
    }
}

/// Refuses a second recording in a format for one.
pub(super) fn for_one_recording(of_several: &str) -> TagError {
    TagError::Request(format!(
        "--format audacity: a label track is for one recording, and {of_several}"
    ))
}

/// Writes events to a file, atomically. `write` takes where they go, and a folder for scratch files.
pub(super) fn save_events(
    path: &Path,
    write: impl FnOnce(&mut dyn Write, &Path) -> Result<EventSummary, TagError>,
) -> Result<EventSummary, TagError> {
    // Next to a pipe or a device no scratch file can be.
    let is_device = path.exists() && !path.is_file();
    let temporary = is_device.then(std::env::temp_dir);
    let folder = temporary.as_deref().unwrap_or_else(|| folder_of(path));
    // A fault of what is read is not one of the file: nothing is written before all is read.
    let mut events = ScratchFile::new(folder);
    let summary = write(&mut events, folder).map_err(|e| match e {
        TagError::Stream(cause) => WriteError::new(path, cause).into(),
        other => other,
    })?;
    atomic::write(path, |out| io::copy(&mut events.reader()?, out).map(drop))?;
    Ok(summary)
}
