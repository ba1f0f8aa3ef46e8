//! CSV tables of clips: what score tables and truth tables have in common.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use earmark_core::csv_table::{FILE_COLUMNS, LABEL_COLUMNS, Record, read_records};

use crate::{MetricsError, Result};

/// CSV text whose header starts with the file column, or has it anywhere next to a column of labels. Every row has been checked: as
/// wide as the header, with a file name that no other row has.
pub(super) struct ClipCsv {
    /// The table's name, for errors.
    pub place: String,
    /// The header, file column included.
    pub header: Vec<String>,
    /// The file column.
    pub file_column: usize,
    /// Line number and cells of each row.
    pub rows: Vec<(u64, Record)>,
}

impl ClipCsv {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| io_error("open", path, source))?;
        Self::parse(file, &path.display().to_string())
    }

    pub fn parse(mut reader: impl Read, place: &str) -> Result<Self> {
        let mut text = Vec::new();
        let read = reader.read_to_end(&mut text);
        read.map_err(|source| io_error("read", Path::new(place), source))?;
        let broken = |line: usize, problem| line_error(place, line as u64, problem);
        let mut records = read_records(&text, None)
            .map_err(|e| broken(e.line, e.problem))?
            .into_iter();
        let header = records.next().unwrap_or_default();
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        let file_column = check_header(&columns).map_err(|problem| broken(header.line.max(1), problem))?;

        let mut rows: Vec<(u64, Record)> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for record in records {
            let line = record.line;
            let problem = if record.len() != columns.len() {
                Some(format!(
                    "has {} columns where the header has {}; quote cells that contain commas, and give every column a value",
                    record.len(),
                    columns.len()
                ))
            } else if record[file_column].is_empty() {
                Some(format!(
                    "has no file name in the column `{}`",
                    columns[file_column]
                ))
            } else {
                let file = &record[file_column];
                seen.insert(file.to_owned(), line).map(|earlier| {
                    format!("file `{file}` was already given in line {earlier}; drop one of the two rows")
                })
            };
            if let Some(problem) = problem {
                return Err(broken(line, problem));
            }
            rows.push((line as u64, record));
        }
        Ok(Self {
            place: place.to_owned(),
            header: columns,
            file_column,
            rows,
        })
    }

    /// The error for a line of the table.
    pub fn line_error(&self, line: u64, problem: impl Into<String>) -> MetricsError {
        line_error(&self.place, line, problem.into())
    }

    /// The error for a cell, `column` counted from 0.
    pub fn cell_error(&self, line: u64, column: usize, value: &str, problem: &str) -> MetricsError {
        let (file, name) = (&self.place, &self.header[column]);
        MetricsError::Table {
            place: format!("{file}, line {line}, column {} (`{name}`)", column + 1),
            problem: format!("`{value}` {problem}"),
        }
    }

    /// The file names, row by row.
    pub fn files(&self) -> Vec<String> {
        let file = |(_, record): &(u64, Record)| record[self.file_column].to_owned();
        self.rows.iter().map(file).collect()
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> MetricsError {
    let path = path.to_owned();
    MetricsError::Io { action, path, source }
}

fn line_error(file: &str, line: u64, problem: String) -> MetricsError {
    let place = format!("{file}, line {line}");
    MetricsError::Table { place, problem }
}

/// The file column; or what is wrong with the header.
fn check_header(header: &[String]) -> std::result::Result<usize, String> {
    let first = header.first().map_or("", String::as_str);
    let labels = label_column(header);
    // Only where a column names the labels, the others may be anything.
    let known = FILE_COLUMNS.iter();
    let mut places = known.filter_map(|name| header.iter().position(|column| column == name));
    let place = match FILE_COLUMNS.contains(&first) {
        true => Some(0),
        false => labels.and_then(|_| places.next()),
    };
    let Some(place) = place else {
        return Err(format!(
            "the first column is `{first}`, but it must hold the file names and be called `fname` (or `filename`, `file`, `path`)"
        ));
    };
    let mut columns = HashMap::new();
    for (number, name) in (1..).zip(header) {
        if name.is_empty() && labels.is_none() {
            return Err(format!("column {number} has no name; give it one"));
        }
        if let Some(earlier) = columns.insert(name, number).filter(|_| !name.is_empty()) {
            let place = format!("({earlier} and {number})");
            return Err(format!("column `{name}` appears twice {place}; drop one"));
        }
    }
    Ok(place)
}

/// The column of labels, where there is one.
pub(super) fn label_column(header: &[String]) -> Option<usize> {
    let mut known = LABEL_COLUMNS.iter();
    known.find_map(|name| header.iter().position(|column| column == name))
}
