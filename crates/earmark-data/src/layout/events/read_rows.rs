//! Events from the rows of a table with a header.

use earmark_core::csv_table::{END_COLUMNS, FILE_COLUMNS, LABEL_COLUMNS, Record, START_COLUMNS};
use earmark_core::labels::{LabelRule, species_label};

use super::labelled_event::{LabelledEvent, band_hz, score, time_us};
use crate::dataset::error::DataError;
use crate::layout::csv_columns::{OTHER_FILE_COLUMNS, OTHER_LABEL_COLUMNS, columns, label_rule};
use crate::layout::interface::Columns;
use crate::layout::options::DataOptions;
use crate::table::cells;
use crate::table::columns::Table;

/// Raven's columns of the recording, and what it calls labels beyond the usual names.
const RAVEN_FILES: [&str; 2] = ["begin path", "begin file"];
const RAVEN_LABELS: [&str; 2] = ["annotation", "annotations"];

/// The columns of the lowest and the highest frequency.
const LOW: [&str; 3] = ["low freq (hz)", "low freq", "low hz"];
const HIGH: [&str; 3] = ["high freq (hz)", "high freq", "high hz"];

/// BirdNET's columns of a species.
const SPECIES: [[&str; 1]; 2] = [["scientific name"], ["common name"]];

/// The columns of a table of events.
pub(super) struct EventColumns {
    start: usize,
    end: usize,
    /// Raven's time within the file, where several are opened as one.
    offset: Option<usize>,
    file: Option<usize>,
    label: Option<(usize, LabelRule)>,
    /// The scientific and the common name of a species, in place of the label.
    species: Option<[usize; 2]>,
    band: Option<[usize; 2]>,
    score: Option<usize>,
    view: Option<usize>,
}

impl EventColumns {
    /// The columns of the start and the end.
    pub fn times(table: &Table, options: &DataOptions) -> Result<(usize, usize), DataError> {
        let (start, end) = (&options.events.start_column, &options.events.end_column);
        Ok((
            table.named_or(start, &START_COLUMNS, "start-column")?,
            table.named_or(end, &END_COLUMNS, "end-column")?,
        ))
    }

    pub fn find(table: &Table, options: &DataOptions) -> Result<Self, DataError> {
        let (start, end) = Self::times(table, options)?;
        let label = options.find_labels(|| {
            let usual = table.find_usual(&usual_labels());
            match (&options.label_column, usual) {
                (None, Some(column)) => Ok(column),
                (named, _) => table.named_or(named, &["species", "annotation", "label"], "label-column"),
            }
        })?;
        let both = |columns: [Option<usize>; 2]| Some([columns[0]?, columns[1]?]);
        let species = both(SPECIES.map(|names| table.find_usual(&names)));
        let species = species.filter(|pair| label.is_some_and(|label| pair.contains(&label)));
        let rule = |column| {
            let columns = Columns {
                label: Some(column),
                ..Columns::default()
            };
            (column, label_rule(table, &columns, options))
        };
        Ok(Self {
            start,
            end,
            offset: table.find_usual(&["file offset (s)"]),
            file: file_column(table, options),
            label: label.map(rule),
            species: species.filter(|_| options.label_column.is_none()),
            band: both([LOW, HIGH].map(|names| table.find_usual(&names))),
            score: table.find_usual(&["confidence", "score"]),
            view: table.find_usual(&["view"]),
        })
    }

    /// The events of all rows. Raven writes a selection once per view.
    pub fn events(&self, table: &Table) -> Result<Vec<LabelledEvent>, DataError> {
        let is_view =
            |row: &Record, name: &str| self.view.is_some_and(|view| row.cell(view).starts_with(name));
        let twice = table.rows.iter().any(|row| is_view(row, "Spectrogram"));
        let rows = table
            .rows
            .iter()
            .filter(|row| !(twice && is_view(row, "Waveform") || self.is_without_event(row)));
        let event = |row: &Record| {
            self.event(row)
                .map_err(|problem| DataError::row(&table.path, row.line, problem))
        };
        rows.map(event).collect()
    }

    /// Whether a row has neither times nor a label: it says that nothing is in its recording.
    pub fn is_without_event(&self, row: &Record) -> bool {
        let label = self.label.as_ref().map(|(column, _)| *column);
        let mut cells = [Some(self.start), Some(self.end), label].into_iter().flatten();
        cells.all(|column| row.cell(column).is_empty())
    }

    fn event(&self, row: &Record) -> Result<LabelledEvent, String> {
        let (start_us, end_us) = (
            time_us(row.cell(self.start), "start")?,
            time_us(row.cell(self.end), "end")?,
        );
        let begin = match self.offset.map(|column| row.cell(column)) {
            None | Some("") => start_us,
            Some(offset) => time_us(offset, "file offset")?,
        };
        let labels = match (&self.label, self.species) {
            (Some(_), Some(pair)) => {
                let [scientific, common] = pair.map(|column| row.cell(column));
                LabelRule::One.read(&species_label(scientific, common))?
            }
            (Some((column, rule)), None) => rule.read(row.cell(*column))?,
            (None, _) => Vec::new(),
        };
        let event = LabelledEvent {
            file: cells::text(row, self.file),
            start_us,
            end_us,
            labels,
            score: self.score.and_then(|column| score(row.cell(column))),
            band_hz: self
                .band
                .and_then(|[low, high]| band_hz(row.cell(low), row.cell(high))),
            line: row.line,
        };
        let event = event.checked(self.label.is_some())?;
        Ok(LabelledEvent {
            start_us: begin,
            end_us: begin + (end_us - start_us),
            ..event
        })
    }
}

/// The column of the recordings, where the table has one.
pub(super) fn file_column(table: &Table, options: &DataOptions) -> Option<usize> {
    match &options.file_column {
        Some(name) => table.find(&[name]),
        None => table.find_usual(&usual_files()),
    }
}

/// The columns that say something about the recordings of a table.
pub(super) fn recording_columns(table: &Table, options: &DataOptions) -> Result<Columns, DataError> {
    let name = |named: &Option<String>, usual: &[&str]| {
        let found = || {
            table
                .find_usual(usual)
                .map(|column| table.name(column).to_owned())
        };
        named.clone().or_else(found)
    };
    let options = DataOptions {
        file_column: name(&options.file_column, &usual_files()),
        label_column: name(&options.label_column, &usual_labels()),
        ..options.clone()
    };
    columns(table, &options)
}

fn usual_files() -> Vec<&'static str> {
    let usual = RAVEN_FILES.iter().chain(&FILE_COLUMNS).chain(&OTHER_FILE_COLUMNS);
    usual.copied().collect()
}

fn usual_labels() -> Vec<&'static str> {
    let usual = LABEL_COLUMNS
        .iter()
        .chain(&OTHER_LABEL_COLUMNS)
        .chain(&RAVEN_LABELS);
    usual.copied().collect()
}
