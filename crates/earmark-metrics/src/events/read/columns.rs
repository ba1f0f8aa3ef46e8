//! The columns of tables of events.

pub(super) use earmark_core::csv_table::{END_COLUMNS as ENDS, START_COLUMNS as STARTS};
use earmark_core::csv_table::{Record, read_records};

use crate::{MetricsError, Result};

/// Usual names of columns, in any letter case: as `tag` writes them, and Raven, BirdNET, sed_eval and DCASE.
pub(super) const FILES: [&str; 9] = [
    "file",
    "filename",
    "fname",
    "path",
    "begin path",
    "begin file",
    "file_name",
    "recording",
    "audio",
];
const CLASSES: [&str; 8] = [
    "class",
    "label",
    "event_label",
    "category",
    "common name",
    "species",
    "annotation",
    "tag",
];
/// Raven's time over all recordings that were open at once.
const RAVEN_START: &str = "begin time (s)";
/// Raven's time within a recording.
const RAVEN_OFFSET: &str = "file offset (s)";

/// The columns of a table of events; `None` takes the one with a usual name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventColumns {
    /// Of the recordings.
    pub file: Option<String>,
    /// Of the classes.
    pub class: Option<String>,
    /// Of the starts, in seconds.
    pub start: Option<String>,
    /// Of the ends, in seconds.
    pub end: Option<String>,
    /// Whether usual names are looked for where a table has no column of a given name.
    pub or_usual: bool,
}

/// The first row of a table.
pub(super) struct Header<'a> {
    place: &'a str,
    line: usize,
    pub names: Vec<String>,
}

impl<'a> Header<'a> {
    pub fn new(place: &'a str, record: &Record) -> Self {
        Self {
            place,
            line: record.line,
            names: record.iter().map(str::to_owned).collect(),
        }
    }

    /// The column with the first of these names that the table has.
    pub fn usual(&self, usual: &[&str]) -> Option<usize> {
        let mut usual = usual.iter();
        usual.find_map(|wanted| {
            self.names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(wanted))
        })
    }

    /// The column of a given name, or else one with a usual name.
    fn find(&self, given: Option<&String>, usual: &[&str], or_usual: bool) -> Result<Option<usize>> {
        let Some(given) = given else {
            return Ok(self.usual(usual));
        };
        match self.usual(&[given.as_str()]) {
            None if or_usual => Ok(self.usual(usual)),
            None => Err(self.error(format!("there is no column `{given}`; {}", self.list()))),
            found => Ok(found),
        }
    }

    /// A column that there must be; `flag` names another.
    pub fn require(&self, found: Option<usize>, what: &str, flag: &str) -> Result<usize> {
        found.ok_or_else(|| {
            let list = self.list();
            self.error(format!(
                "there is no column of {what}; {list}; name one with --{flag}"
            ))
        })
    }

    fn list(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        format!("the columns are {}", names.join(", "))
    }

    fn error(&self, problem: String) -> MetricsError {
        line_error(self.place, self.line, problem)
    }

    /// The error for a row.
    pub fn row_error(&self, row: &Record, problem: impl Into<String>) -> MetricsError {
        line_error(self.place, row.line.max(1), problem.into())
    }

    /// Refuses a row of another width.
    pub fn check_width(&self, row: &Record) -> Result<()> {
        let (width, wanted) = (row.len(), self.names.len());
        if width == wanted {
            return Ok(());
        }
        let remedy = "quote cells that contain the separator, and give every column a value";
        let problem = format!("has {width} columns where the header has {wanted}; {remedy}");
        Err(self.row_error(row, problem))
    }

    /// The number of seconds in a cell.
    pub fn seconds(&self, row: &Record, column: usize) -> Result<f64> {
        let cell = row.cell(column);
        cell.parse().map_err(|_| {
            let name = &self.names[column];
            let problem = format!("`{cell}` in the column `{name}` is not a number of seconds, such as 1.5");
            self.row_error(row, problem)
        })
    }
}

fn line_error(place: &str, line: usize, problem: String) -> MetricsError {
    let place = format!("{place}, line {line}");
    MetricsError::Table { place, problem }
}

/// The rows of a table, the header first; tabs separate cells where the first line has any.
pub(super) fn records(bytes: &[u8], place: &str) -> Result<Vec<Record>> {
    read_records(bytes, Some(b'\t')).map_err(|e| line_error(place, e.line, e.problem))
}

/// Where each thing is in a row.
pub(super) struct Places {
    pub file: Option<usize>,
    pub class: Option<usize>,
    pub start: Option<usize>,
    pub end: Option<usize>,
    /// Raven's start within the recording, where the start itself is over all recordings.
    pub file_offset: Option<usize>,
    /// Raven's number of a selection, which has a row for each view.
    pub selection: Option<usize>,
}

impl Places {
    pub fn find(header: &Header, columns: &EventColumns) -> Result<Self> {
        let or_usual = columns.or_usual;
        let start = header.find(columns.start.as_ref(), &STARTS, or_usual)?;
        let is_raven = start.is_some() && start == header.usual(&[RAVEN_START]);
        Ok(Self {
            file: header.find(columns.file.as_ref(), &FILES, or_usual)?,
            class: header.find(columns.class.as_ref(), &CLASSES, or_usual)?,
            start,
            end: header.find(columns.end.as_ref(), &ENDS, or_usual)?,
            file_offset: header.usual(&[RAVEN_OFFSET]).filter(|_| is_raven),
            selection: header
                .usual(&["selection"])
                .filter(|_| header.usual(&["view"]).is_some()),
        })
    }
}
