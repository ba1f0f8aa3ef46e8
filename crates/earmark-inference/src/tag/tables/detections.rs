//! Events in a table that `earmark tag` or another program wrote: CSV, Apache Parquet, JSON or JSON lines.

use super::{ColumnKind, Numbered, TableReader, TableRow};
use crate::PipelineError;
use crate::tag::result::SoundEvent;
use earmark_core::labels::species_label;
use serde::Deserialize;
use serde_json::Deserializer;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Names of the columns: of Parquet, of csv, and of other programs.
const FILE: [&str; 1] = ["file"];
const START: [&str; 3] = ["start_seconds", "start (s)", "start"];
const END: [&str; 3] = ["end_seconds", "end (s)", "end"];
const CLASS: [&str; 2] = ["class", "label"];
const SCORE: [&str; 2] = ["score", "confidence"];
const SPECIES: [&str; 2] = ["scientific name", "common name"];

/// A class in a recording from `start` to `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Detection {
    /// Number of the recording.
    pub file: usize,
    /// Number of the class.
    pub class: usize,
    /// In seconds.
    pub start: f64,
    pub end: f64,
    pub score: f32,
}

/// Detections with the names of recordings and classes.
#[derive(Debug, Default)]
pub(crate) struct Detections {
    pub files: Numbered,
    pub classes: Numbered,
    pub found: Vec<Detection>,
}

impl Detections {
    /// Adds one; what is wrong with it otherwise.
    fn add(&mut self, file: &str, class: &str, times: (f64, f64), score: f32) -> Result<(), &'static str> {
        let (start, end) = times;
        if !(0.0..=end).contains(&start) || !end.is_finite() {
            return Err("the start is before the recording or after the end; correct it");
        }
        if !score.is_finite() {
            return Err("the score is not a number; correct it");
        }
        if file.is_empty() || class.is_empty() {
            return Err("the file or the class is empty; correct it");
        }
        self.found.push(Detection {
            file: self.files.number(file),
            class: self.classes.number(class),
            start,
            end,
            score,
        });
        Ok(())
    }
}

/// Reads the events of a table.
///
/// # Errors
/// For a file that can't be read, lacks a column or has an event that can't be.
pub(crate) fn read_detections(path: &Path) -> Result<Detections, PipelineError> {
    let name = path.display().to_string();
    let unreadable = |e: std::io::Error| {
        PipelineError::Request(format!(
            "{name}: cannot be read: {e}; check the path and the disk"
        ))
    };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let start = file.fill_buf().map_err(unreadable)?;
    let first = start.trim_ascii_start().first().copied();
    match first {
        Some(b'[') => of_json(file, true, &name),
        Some(b'{') => of_json(file, false, &name),
        _ => of_table(path),
    }
}

/// A recording in JSON; those that failed have no events.
#[derive(Deserialize)]
struct Recording {
    file: String,
    #[serde(default)]
    events: Vec<SoundEvent>,
    /// Of a window: then these are scores and not events.
    scores: Option<serde::de::IgnoredAny>,
}

fn of_json(file: BufReader<File>, is_array: bool, name: &str) -> Result<Detections, PipelineError> {
    let refused = |problem: String| PipelineError::Request(format!("{name}: {problem}"));
    let not_json =
        |e: serde_json::Error| refused(format!("not results of `earmark tag`: {e}; write them again"));
    let mut found = Detections::default();
    let mut add = |recording: Recording| {
        if recording.scores.is_some() {
            return Err(refused(
                "holds scores of windows; write events with `earmark tag` without --windows".into(),
            ));
        }
        let mut events = recording.events.iter();
        events.try_for_each(|e| {
            let times = (e.onset, e.offset);
            let added = found.add(&recording.file, &e.class, times, e.score);
            added.map_err(|problem| {
                refused(format!(
                    "{}, {} at {} s: {problem}",
                    recording.file, e.class, e.onset
                ))
            })
        })
    };
    if is_array {
        let recordings: Vec<Recording> = serde_json::from_reader(file).map_err(not_json)?;
        recordings.into_iter().try_for_each(&mut add)?;
    } else {
        for recording in Deserializer::from_reader(file).into_iter::<Recording>() {
            add(recording.map_err(not_json)?)?;
        }
    }
    Ok(found)
}

fn of_table(path: &Path) -> Result<Detections, PipelineError> {
    let mut table = TableReader::open(path)?;
    let (label, species) = (table.find(&CLASS), SPECIES.map(|name| table.find(&[name])));
    let class: Vec<usize> = match (label, species) {
        (Some(class), _) => vec![class],
        (None, [Some(scientific), Some(common)]) => vec![scientific, common],
        (None, _) => Vec::new(),
    };
    let wanted = [&FILE[..], &START, &END, &SCORE].map(|names| table.find(names));
    let ([Some(file), Some(start), Some(end), Some(score)], false) = (wanted, class.is_empty()) else {
        return Err(PipelineError::Request(format!(
            "{}: expected columns of file, start, end, class and score; found {}; write events with \
             `earmark tag --format csv`, json or parquet",
            table.name(),
            some_names(table.columns())
        )));
    };
    let mut kinds = vec![ColumnKind::Ignored; table.columns().len()];
    for column in class.iter().chain([&file]) {
        kinds[*column] = ColumnKind::Text;
    }
    (kinds[start], kinds[end], kinds[score]) = (ColumnKind::Seconds, ColumnKind::Seconds, ColumnKind::Score);
    let (mut found, mut row) = (Detections::default(), TableRow::default());
    while table.read(&kinds, &mut row)? {
        let name = match class[..] {
            [scientific, common] => species_label(&row.texts[scientific], &row.texts[common]),
            _ => class.iter().map(|column| row.texts[*column].as_str()).collect(),
        };
        let times = (row.numbers[start], row.numbers[end]);
        let added = found.add(&row.texts[file], &name, times, row.numbers[score] as f32);
        added.map_err(|problem| table.fault(&row, problem))?;
    }
    Ok(found)
}

/// The first names of columns.
pub(in crate::tag) fn some_names(columns: &[String]) -> String {
    const NAMED: usize = 8;
    let named: Vec<&str> = columns.iter().take(NAMED).map(String::as_str).collect();
    match columns.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
