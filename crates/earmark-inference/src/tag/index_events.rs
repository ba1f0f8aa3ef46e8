//! Events in an indexed archive, by classifiers that were trained on its windows: no recording is read.

use super::TagError;
use super::classes::choose;
use super::config::{TagConfig, check};
use super::event_output::{EventOutput, EventSummary, for_one_recording, save_events};
use super::events::{EventFinder, EventRule};
use super::formats::Format;
use super::result::TagResult;
use super::resume_log::TagOutcome;
use super::windows::WindowGrid;
use crate::PipelineError;
use crate::thresholds::ClassThresholds;
use earmark_index::archive::{ArchiveIndex, PlacedRecording, WindowClassifier};
use std::io::Write;
use std::path::Path;

/// The threshold of a classifier where none is given: as likely as not.
const DEFAULT_THRESHOLD: f32 = 0.5;

/// What is said of a second recording in a format for one.
const OF_SEVERAL: &str = "the index is of several; choose another format";

/// Scores of all windows of an index, with the rule for their events.
pub struct IndexEvents<'a> {
    index: &'a ArchiveIndex,
    names: Vec<String>,
    /// Of each class, those of all rows.
    scores: Vec<Vec<f32>>,
    rule: EventRule,
    thresholds: ClassThresholds,
    top: Option<usize>,
}

impl<'a> IndexEvents<'a> {
    /// Scores all windows. Of `tag` the classes, thresholds and rules for events count; thresholds that are not given
    /// are 0.5.
    ///
    /// # Errors
    ///
    /// For settings that can't be, and when vectors can't be read.
    pub fn new(
        index: &'a ArchiveIndex,
        classifiers: &[WindowClassifier],
        tag: &TagConfig,
    ) -> Result<Self, TagError> {
        check(tag)?;
        let classes: Vec<String> = classifiers.iter().map(|of| of.class.clone()).collect();
        let chosen = choose(&classes, &tag.classes)?;
        let given = &tag.thresholds;
        let thresholds = given.resolve_without_own(&classes, &chosen, DEFAULT_THRESHOLD)?;
        let classifiers: Vec<WindowClassifier> = chosen.iter().map(|k| classifiers[*k].clone()).collect();
        let mut scores = index.logits(&classifiers).map_err(PipelineError::from)?;
        for logit in scores.iter_mut().flatten() {
            *logit = (1.0 / (1.0 + (-f64::from(*logit)).exp())) as f32;
        }
        Ok(Self {
            index,
            names: classifiers.into_iter().map(|of| of.class).collect(),
            scores,
            rule: tag.event_rule(&thresholds),
            thresholds,
            top: tag.top,
        })
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.names
    }

    /// Their thresholds.
    pub fn thresholds(&self) -> &ClassThresholds {
        &self.thresholds
    }

    /// Writes the events of all recordings to a file, atomically.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn save(&self, format: Format, path: &Path) -> Result<EventSummary, TagError> {
        save_events(path, |out, scratch| self.write(format, out, scratch))
    }

    /// Writes the events of all recordings, in the order of the index. Scratch files are made in `scratch`.
    ///
    /// # Errors
    ///
    /// For an output that can't be written to, and several recordings in a format that holds one.
    pub fn write(
        &self,
        format: Format,
        out: &mut dyn Write,
        scratch: &Path,
    ) -> Result<EventSummary, TagError> {
        // Before anything of the first one is written.
        if !format.holds_several() && self.index.recordings().nth(1).is_some() {
            return Err(for_one_recording(OF_SEVERAL));
        }
        let classes = (&self.names[..], self.top);
        let mut events = EventOutput::new(format, classes, out, scratch, OF_SEVERAL)?;
        for placed in self.index.recordings() {
            events.add(&TagOutcome::Tagged(self.result(placed)))?;
        }
        Ok(events.finish()?)
    }

    /// The events of a recording.
    fn result(&self, placed: &PlacedRecording) -> TagResult {
        let windows = self.index.manifest().windows;
        let rate_hz = windows.sample_rate_hz;
        let grid = WindowGrid::new(windows.window_samples, windows.hop_samples, rate_hz);
        let mut finder = EventFinder::new(grid, rate_hz, self.rule.clone());
        for row in placed.rows() {
            let scores: Vec<f32> = self.scores.iter().map(|of_class| of_class[row]).collect();
            finder.push(&scores);
        }
        let recording = &placed.recording;
        let found = finder.finish(recording.samples);
        let result = TagResult::new(&recording.file, recording.seconds, recording.sample_rate_hz);
        let mut result = result.with_found(&found, &self.names, rate_hz, self.top);
        result.note.clone_from(&recording.note);
        result.damaged = recording.damaged;
        result
    }
}
