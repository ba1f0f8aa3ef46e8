//! File formats for results.

mod aoef;
mod csv_birdnet_audacity_raven;
mod format_of_file_name;
mod json;
mod parquet;
mod recognise;
mod seconds;
mod table;
mod time_and_place;

pub use recognise::{START, is_result, start_of};

pub(super) use earmark_core::event_tables::{
    CSV_EVENT_COLUMNS, CSV_WINDOW_COLUMNS, RECORDING_COLUMN, without_time_and_place,
};

use super::recording_facts::{RecordingFacts, ScoreGrid};
use super::result::{TagResult, WindowScores};
use super::resume_log::TagOutcome;
use crate::time_and_place::{TimeAndPlace, TimesAndPlaces};
use std::io::{self, BufRead, Write};
use std::path::Path;

/// Columns of events in Parquet, named as the keys of JSON; the first three are those of windows, too.
pub(super) const EVENT_COLUMNS: [&str; 5] = ["file", "start_seconds", "end_seconds", "class", "score"];

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// For people: the best classes with bars, then the events.
    Table,
    /// `Start (s),End (s),Class,Confidence,File`.
    Csv,
    /// BirdNET-Analyzer's own columns: `Start (s),End (s),Scientific name,Common name,Confidence,File`.
    Birdnet,
    /// An array.
    Json,
    /// One JSON value per line: a recording, or with windows a window.
    Ndjson,
    /// Audacity's label track: start, end, label.
    Audacity,
    /// A selection table of Raven.
    Raven,
    /// Apache Parquet: `file,start_seconds,end_seconds,class,score`.
    Parquet,
    /// JSON of the Python package soundevent: a prediction set.
    Aoef,
}

/// Options that apply to all recordings of an output.
#[derive(Clone, Copy, Debug, Default)]
pub struct FormatOptions<'a> {
    /// The detected classes.
    pub classes: &'a [String],
    /// Scores of windows instead of events.
    pub windows: bool,
    /// Only the best classes of each window.
    pub top: Option<usize>,
    /// The windows, where their scores are written.
    pub grid: Option<ScoreGrid>,
    /// A folder for scratch files; `None` for the current one.
    pub scratch: Option<&'a Path>,
    /// When and where recordings were made, for further columns and keys; `None` leaves these out.
    pub times_and_places: Option<&'a TimesAndPlaces>,
}

/// The score of a class, or of all.
enum RowScores<'a> {
    /// Of an event, or of one of a window's best classes.
    One(&'a str, f32),
    /// Of a window; in the first row of a recording with what else its events depend on.
    All { facts: &'a str, scores: &'a [f32] },
}

impl<'a> FormatOptions<'a> {
    /// When and where a recording was made, if that is to be written.
    fn known_of(&self, result: &TagResult) -> Option<&'a TimeAndPlace> {
        self.times_and_places.map(|all| all.of(&result.file))
    }

    /// Whether a row is a window with one column per class. Otherwise a row is an event, or a window's score of one of
    /// its best classes.
    fn is_wide(&self) -> bool {
        self.windows && self.top.is_none()
    }

    /// Passes on the rows of a recording: start and end, and a score or all of them.
    fn rows(
        &self,
        result: &TagResult,
        windows: &mut WindowLines,
        mut add: impl FnMut((f64, f64), RowScores) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.windows {
            let mut events = result.events.iter();
            return events.try_for_each(|e| add((e.onset, e.offset), RowScores::One(&e.class, e.score)));
        }
        let mut facts = match self.grid {
            Some(grid) if self.is_wide() => RecordingFacts::of(result, grid).to_json()?,
            _ => String::new(),
        };
        for window in windows {
            let window = window?;
            let times = (window.start, window.end);
            if self.is_wide() {
                let (facts, scores) = (facts.as_str(), window.scores.as_slice());
                add(times, RowScores::All { facts, scores })?;
            } else {
                for (class, score) in window.pairs() {
                    add(times, RowScores::One(&self.classes[class], score))?;
                }
            }
            facts.clear();
        }
        Ok(())
    }
}

/// Writes recordings one after the other, in constant memory.
pub struct FormatWriter<'a> {
    out: &'a mut dyn Write,
    options: FormatOptions<'a>,
    kind: Kind,
}

enum Kind {
    Table,
    Csv,
    Birdnet,
    /// Whether the array has any value yet.
    Json {
        any: bool,
    },
    Ndjson,
    Audacity,
    Raven(csv_birdnet_audacity_raven::Selections),
    Parquet(Box<parquet::Parquet>),
    Aoef(Box<aoef::Aoef>),
}

impl<'a> FormatWriter<'a> {
    /// Starts a file.
    ///
    /// # Errors
    /// An output, or a scratch file, that can't be written to.
    pub fn new(format: Format, options: FormatOptions<'a>, out: &'a mut dyn Write) -> io::Result<Self> {
        match format {
            Format::Csv => csv_birdnet_audacity_raven::csv_head(&options, out)?,
            Format::Birdnet => writeln!(out, "{}", csv_birdnet_audacity_raven::BIRDNET)?,
            Format::Raven => writeln!(out, "{}", csv_birdnet_audacity_raven::RAVEN)?,
            Format::Json => out.write_all(b"[")?,
            Format::Table | Format::Ndjson | Format::Audacity | Format::Parquet | Format::Aoef => {}
        }
        let kind = match format {
            Format::Table => Kind::Table,
            Format::Csv => Kind::Csv,
            Format::Birdnet => Kind::Birdnet,
            Format::Json => Kind::Json { any: false },
            Format::Ndjson => Kind::Ndjson,
            Format::Audacity => Kind::Audacity,
            Format::Raven => Kind::Raven(csv_birdnet_audacity_raven::Selections::default()),
            Format::Parquet => Kind::Parquet(Box::new(parquet::Parquet::begin(&options)?)),
            Format::Aoef => Kind::Aoef(Box::new(aoef::Aoef::begin(options.scratch))),
        };
        Ok(Self { out, options, kind })
    }

    /// Adds a recording; `lines` are the scores of its windows, if they are kept. A recording that could not be tagged
    /// appears only in the JSON formats and in the table.
    ///
    /// # Errors
    /// As [`FormatWriter::new`], and `lines` that can't be read.
    pub fn add(&mut self, outcome: &TagOutcome, lines: &mut dyn BufRead) -> io::Result<()> {
        let Self { out, options, kind } = self;
        let mut windows = WindowLines { lines };
        match (kind, outcome) {
            (Kind::Table, _) => table::add(options, outcome, &mut windows, *out),
            (Kind::Json { any }, _) => json::values(options, outcome, &mut windows, |value| {
                out.write_all(if *any { b",\n " } else { b"\n " })?;
                *any = true;
                out.write_all(value)
            }),
            (Kind::Ndjson, _) => json::values(options, outcome, &mut windows, |value| {
                out.write_all(value)?;
                out.write_all(b"\n")
            }),
            (_, TagOutcome::Failed { .. }) => Ok(()),
            (Kind::Csv, TagOutcome::Tagged(result)) => {
                csv_birdnet_audacity_raven::csv_add(options, result, &mut windows, *out)
            }
            (Kind::Birdnet, TagOutcome::Tagged(result)) => {
                csv_birdnet_audacity_raven::birdnet_add(result, *out)
            }
            (Kind::Audacity, TagOutcome::Tagged(result)) => {
                csv_birdnet_audacity_raven::audacity_add(result, *out)
            }
            (Kind::Raven(selections), TagOutcome::Tagged(result)) => selections.add(result, *out),
            (Kind::Parquet(parquet), TagOutcome::Tagged(result)) => {
                parquet.add(options, result, &mut windows)
            }
            (Kind::Aoef(aoef), TagOutcome::Tagged(result)) => aoef.add(result),
        }
    }

    /// Flushes what was written so far, for readers of a pipe.
    ///
    /// # Errors
    /// As [`FormatWriter::new`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As [`FormatWriter::new`].
    pub fn finish(self) -> io::Result<()> {
        match self.kind {
            Kind::Json { any } => self.out.write_all(if any { b"\n]\n" } else { b"]\n" }),
            Kind::Parquet(parquet) => parquet.finish(self.out),
            Kind::Aoef(aoef) => aoef.finish(self.out),
            _ => Ok(()),
        }
    }
}

/// Parses scores of windows, one JSON value per line.
struct WindowLines<'a> {
    lines: &'a mut dyn BufRead,
}

impl Iterator for WindowLines<'_> {
    type Item = io::Result<WindowScores>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match self.lines.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_slice(&line).map_err(io::Error::from)),
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
