//! Events in an indexed archive, by classifiers that were trained on its windows: no recording is read.

use super::TagError;
use super::classes::choose;
use super::config::{TagConfig, check};
use super::events::{EventFinder, EventRule};
use super::formats::{Format, FormatOptions, FormatWriter};
use super::result::TagResult;
use super::resume_log::TagOutcome;
use super::score_files::ScoreSummary;
use super::scratch_file::ScratchFile;
use super::windows::WindowGrid;
use crate::PipelineError;
use crate::error::folder_of;
use crate::thresholds::ClassThresholds;
use earmark_core::atomic::{self, WriteError};
use earmark_index::archive::{ArchiveIndex, PlacedRecording, WindowClassifier};
use std::io::{self, Write};
use std::path::Path;

/// The threshold of a classifier: as likely as not.
const OWN_THRESHOLD: f32 = 0.5;

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
    /// Scores all windows. Of `tag` the classes, thresholds and rules for events count; the thresholds of classifiers
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
        let own = vec![OWN_THRESHOLD; classes.len()];
        let thresholds = tag.thresholds.resolve(&classes, &chosen, Some(&own))?;
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
    pub fn save(&self, format: Format, path: &Path) -> Result<ScoreSummary, TagError> {
        // Next to a pipe or a device no scratch file can be.
        let is_device = path.exists() && !path.is_file();
        let temporary = is_device.then(std::env::temp_dir);
        let folder = temporary.as_deref().unwrap_or_else(|| folder_of(path));
        let mut events = ScratchFile::new(folder);
        let summary = self.write(format, &mut events, folder).map_err(|e| match e {
            TagError::Stream(cause) => WriteError::new(path, cause).into(),
            other => other,
        })?;
        atomic::write(path, |out| io::copy(&mut events.reader()?, out).map(drop))?;
        Ok(summary)
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
    ) -> Result<ScoreSummary, TagError> {
        if !format.holds_several() && self.index.recordings().nth(1).is_some() {
            return Err(TagError::Request(
                "--format audacity: a label track is for one recording, and the index is of several; choose another \
                 format"
                    .into(),
            ));
        }
        let options = FormatOptions {
            classes: &self.names,
            windows: false,
            top: self.top,
            grid: None,
            scratch: Some(scratch),
            times_and_places: None,
        };
        let mut writer = FormatWriter::new(format, options, out)?;
        let mut summary = ScoreSummary::default();
        for placed in self.index.recordings() {
            let result = self.result(placed);
            summary.recordings += 1;
            summary.seconds += result.seconds;
            summary.events += result.events.len();
            writer.add(&TagOutcome::Tagged(result), &mut io::empty())?;
        }
        writer.finish()?;
        Ok(summary)
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
