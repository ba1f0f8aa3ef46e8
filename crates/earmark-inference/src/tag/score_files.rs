//! Events of a table of window scores: those that tagging would have found, under any rule, without computing again.

use super::TagError;
use super::classes::choose;
use super::config::{TagConfig, check};
use super::event_output::{EventOutput, EventSummary, save_events};
use super::events::{EventFinder, EventRule};
use super::formats::{
    CSV_EVENT_COLUMNS, CSV_WINDOW_COLUMNS, EVENT_COLUMNS, Format, RECORDING_COLUMN, without_time_and_place,
};
use super::recording_facts::RecordingFacts;
use super::result::milliseconds;
use super::resume_log::TagOutcome;
use super::tables::{ColumnKind, TableReader, TableRow, some_names};
use super::windows::WindowGrid;
use crate::PipelineError;
use crate::devices_by_name::Device;
use crate::model::Ensemble;
use crate::thresholds::ClassThresholds;
use earmark_metrics::FoundSpan;
use std::io::Write;
use std::path::Path;

/// Where columns are.
const FILE: usize = 0;
const START: usize = 1;
/// Of file, start and end.
const WINDOW_COLUMNS: usize = 3;

/// Where the others are: behind the first three in Parquet, around the classes in CSV.
#[derive(Clone, Copy)]
struct ScoreColumns {
    recording: usize,
    first_class: usize,
}

/// An open table of window scores, as `earmark tag --windows` writes it in CSV or Parquet, with the rule for its
/// events.
pub struct ScoreFile {
    table: TableReader,
    columns: ScoreColumns,
    rule: EventRule,
    thresholds: ClassThresholds,
    /// Columns of the classes that are looked for, counted from the first class.
    chosen: Vec<usize>,
    names: Vec<String>,
    top: Option<usize>,
}

/// Takes a recording, its length in seconds, and its events at each list of thresholds.
type AddRecording<'a> = &'a mut dyn FnMut(&str, f64, Vec<Vec<FoundSpan>>) -> Result<(), PipelineError>;

/// What is said of a second recording in a format for one.
const OF_SEVERAL: &str = "the scores are of several; choose another format, or write one track per recording with \
                          `earmark tag --out-dir`";

impl ScoreFile {
    /// Opens a table. Of `tag` the classes, thresholds and rules for events count, and models only for their
    /// thresholds.
    ///
    /// # Errors
    /// For another kind of file, a model of other classes, and settings that can't be.
    pub fn open(path: &Path, tag: &TagConfig) -> Result<Self, TagError> {
        check(tag)?;
        let table = TableReader::open(path)?;
        let (columns, classes) = classes_of(&table)?;
        let own = match tag.models.is_empty() {
            true => None,
            false => own_thresholds(&table, &classes, tag)?,
        };
        let chosen = choose(&classes, &tag.classes)?;
        let thresholds = tag.thresholds.resolve(&classes, &chosen, own.as_deref())?;
        Ok(Self {
            table,
            columns,
            rule: tag.event_rule(&thresholds),
            thresholds,
            names: chosen.iter().map(|class| classes[*class].clone()).collect(),
            chosen,
            top: tag.top,
        })
    }

    /// Names of the classes that are looked for.
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
    /// As [`write`](Self::write).
    pub fn save(self, format: Format, path: &Path) -> Result<EventSummary, TagError> {
        save_events(path, |out, scratch| self.write(format, out, scratch))
    }

    /// Writes the events of all recordings, in constant memory: byte for byte what tagging writes with the same
    /// settings. Recordings without any window are not in the table. Scratch files are made in `scratch`.
    ///
    /// # Errors
    /// For rows that are missing, damaged or in another order, and an output that can't be written to.
    pub fn write(
        mut self,
        format: Format,
        out: &mut dyn Write,
        scratch: &Path,
    ) -> Result<EventSummary, TagError> {
        let classes = (&self.names[..], self.top);
        let mut events = EventOutput::new(format, classes, out, scratch, OF_SEVERAL)?;
        let mut add = |done: OpenRecording| events.add(&done.finish(&self.names, self.top)?);
        let rules = [self.rule];
        each_recording(&mut self.table, self.columns, &self.chosen, &rules, &mut add)?;
        Ok(events.finish()?)
    }

    /// Passes on each recording with its length in seconds, and its events at each of several lists of thresholds: one
    /// per class that is looked for, in the same order. The other rules stay.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn at_thresholds(mut self, thresholds: &[Vec<f32>], add: AddRecording<'_>) -> Result<(), TagError> {
        let rule = |thresholds: &Vec<f32>| EventRule {
            thresholds: thresholds.clone(),
            ..self.rule.clone()
        };
        let rules: Vec<EventRule> = thresholds.iter().map(rule).collect();
        let mut pass = |done: OpenRecording| -> Result<(), TagError> {
            let (seconds, rate_hz) = (milliseconds(done.facts.seconds), done.facts.rate_hz);
            let (file, samples) = (done.file.clone(), done.samples()?);
            let at = |sample: u64| milliseconds((sample as f64 / f64::from(rate_hz)).min(seconds));
            let spans = |finder: EventFinder| -> Vec<FoundSpan> {
                let found = finder.finish(samples).spans.into_iter();
                found
                    .map(|span| (span.class, at(span.start), at(span.end)))
                    .collect()
            };
            let found = done.finders.into_iter().map(spans).collect();
            Ok(add(&file, seconds, found)?)
        };
        each_recording(&mut self.table, self.columns, &self.chosen, &rules, &mut pass)
    }
}

/// Reads the windows of all recordings, and passes on each recording when it is read, with a finder per rule.
fn each_recording(
    table: &mut TableReader,
    columns: ScoreColumns,
    chosen: &[usize],
    rules: &[EventRule],
    add: &mut dyn FnMut(OpenRecording) -> Result<(), TagError>,
) -> Result<(), TagError> {
    let mut kinds = vec![ColumnKind::Ignored; table.columns().len()];
    let ScoreColumns {
        recording: facts,
        first_class,
    } = columns;
    (kinds[FILE], kinds[START], kinds[facts]) = (ColumnKind::Text, ColumnKind::Seconds, ColumnKind::Text);
    for class in chosen {
        kinds[first_class + class] = ColumnKind::Score;
    }
    let (mut row, mut open, mut scores) = (TableRow::default(), None, Vec::new());
    while table.read(&kinds, &mut row)? {
        if !row.texts[facts].is_empty() {
            let begun = OpenRecording::begin(table, &row, &row.texts[facts], rules)?;
            open.replace(begun).map_or(Ok(()), &mut *add)?;
        }
        let Some(recording) = &mut open else {
            return Err(table.fault(&row, OTHER_ORDER).into());
        };
        if !recording.is_next(&row) {
            return Err(table.fault(&row, OTHER_ORDER).into());
        }
        scores.clear();
        let columns = chosen.iter().map(|class| first_class + class);
        scores.extend(columns.map(|column| row.numbers[column] as f32));
        recording
            .finders
            .iter_mut()
            .for_each(|finder| finder.push(&scores));
        recording.windows += 1;
    }
    open.map_or(Ok(()), add)
}

const OTHER_ORDER: &str = "not the window that follows on the row before: rows are missing or in another order; write \
                           the scores again with `earmark tag --windows`";

/// The classes of a table of window scores, and where they are.
fn classes_of(table: &TableReader) -> Result<(ScoreColumns, Vec<String>), TagError> {
    let columns = without_time_and_place(table.columns());
    if let Some((window, others)) = columns.split_at_checked(WINDOW_COLUMNS)
        && others.len() > 1
    {
        let last = others.len() - 1;
        if *window == EVENT_COLUMNS[..WINDOW_COLUMNS] && others[0] == RECORDING_COLUMN {
            let places = ScoreColumns {
                recording: WINDOW_COLUMNS,
                first_class: WINDOW_COLUMNS + 1,
            };
            return Ok((places, others[1..].to_vec()));
        }
        if *window == CSV_WINDOW_COLUMNS && others[last] == RECORDING_COLUMN {
            let places = ScoreColumns {
                recording: WINDOW_COLUMNS + last,
                first_class: WINDOW_COLUMNS,
            };
            return Ok((places, others[..last].to_vec()));
        }
    }
    let remedy = match columns == EVENT_COLUMNS || columns == CSV_EVENT_COLUMNS {
        true => {
            "these are events, or the best classes of each window; write all scores with \
             `earmark tag --windows`, without --top-k"
        }
        false => "write them with `earmark tag --windows`, in CSV or Parquet",
    };
    Err(TagError::Request(format!(
        "{}: not a table of window scores (file, start and end, a column per class, and what {RECORDING_COLUMN} \
         says), but of {}; {remedy}",
        table.name(),
        some_names(columns)
    )))
}

/// The models' thresholds of the table's classes; `None` where they bring none.
fn own_thresholds(
    table: &TableReader,
    classes: &[String],
    tag: &TagConfig,
) -> Result<Option<Vec<f32>>, TagError> {
    let device = Device::named(&tag.device)
        .map_err(PipelineError::from)?
        .with_precision(tag.precision);
    let models = Ensemble::open(&tag.models, tag.mean, &device)?;
    let place = |class: &String| {
        models
            .classes()
            .iter()
            .position(|other| other == class)
            .ok_or_else(|| {
                TagError::Request(format!(
                    "{}: {class} is not a class of {}; give the model that the scores are of",
                    table.name(),
                    tag.models.join(", ")
                ))
            })
    };
    let places: Vec<usize> = classes.iter().map(place).collect::<Result<_, TagError>>()?;
    let own = models.thresholds();
    Ok(own.map(|own| places.iter().map(|place| own[*place]).collect()))
}

/// A recording whose windows are being read.
struct OpenRecording {
    file: String,
    /// Where it begins, to begin messages with.
    place: String,
    facts: RecordingFacts,
    grid: WindowGrid,
    /// One per rule.
    finders: Vec<EventFinder>,
    windows: u64,
}

impl OpenRecording {
    fn begin(
        table: &TableReader,
        row: &TableRow,
        facts: &str,
        rules: &[EventRule],
    ) -> Result<Self, PipelineError> {
        let facts = RecordingFacts::of_json(facts).ok_or_else(|| {
            let problem = "the column recording does not say what `earmark tag --windows` writes there; write the \
                           scores again";
            table.fault(row, problem)
        })?;
        let grid = facts.grid();
        let finder = |rule: &EventRule| EventFinder::new(grid, facts.rate_hz, rule.clone());
        Ok(Self {
            file: row.texts[FILE].clone(),
            place: format!("{}:{}", table.name(), row.number),
            grid,
            finders: rules.iter().map(finder).collect(),
            facts,
            windows: 0,
        })
    }

    /// Whether a row is of the window after those that were read.
    fn is_next(&self, row: &TableRow) -> bool {
        let start = self.grid.start(self.windows) as f64 / f64::from(self.facts.rate_hz);
        // Half a millisecond for a table that rounds.
        row.texts[FILE] == self.file && (row.numbers[START] - milliseconds(start)).abs() < 0.0005
    }

    /// Its length in samples, when all windows are read.
    fn samples(&self) -> Result<u64, TagError> {
        let last = self.grid.start(self.windows.saturating_sub(1)) + self.grid.window as u64;
        let samples = self.facts.samples.unwrap_or(last);
        if self.grid.count(samples) != self.windows {
            return Err(TagError::Request(format!(
                "{}: {} has {} windows of {}: rows are missing, or there are too many; write the scores again with \
                 `earmark tag --windows`",
                self.place,
                self.file,
                self.windows,
                self.grid.count(samples)
            )));
        }
        Ok(samples)
    }

    /// The events by the only rule, when all windows are read.
    fn finish(self, classes: &[String], top: Option<usize>) -> Result<TagOutcome, TagError> {
        let samples = self.samples()?;
        let mut result = self.facts.result(&self.file);
        for finder in self.finders {
            result = result.with_found(&finder.finish(samples), classes, self.facts.rate_hz, top);
        }
        Ok(TagOutcome::Tagged(result))
    }
}
