//! CSV tables of clips: what score tables and truth tables have in common.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::{MetricsError, Result};

/// Names that tables in this field give the column of audio files.
const FILE_HEADERS: [&str; 3] = ["fname", "filename", "file"];

/// CSV text whose header starts with the file column. Every row has been checked: as wide as the header, with a file name
/// that no other row has.
pub(super) struct CsvText {
    /// The table's name, for errors.
    pub place: String,
    /// The header, file column included.
    pub header: Vec<String>,
    /// Line number and cells of each row.
    pub rows: Vec<(u64, StringRecord)>,
}

impl CsvText {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| io_error("open", path, source))?;
        Self::parse(BufReader::new(file), &path.display().to_string())
    }

    pub fn parse(mut reader: impl Read, place: &str) -> Result<Self> {
        let mut text = Vec::new();
        let read = reader.read_to_end(&mut text);
        read.map_err(|source| io_error("read", Path::new(place), source))?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let mut lines = LineCounter { text, at: 0, line: 1 };
        // `flexible`, so that a row of the wrong width gets our message instead of the parser's.
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text);
        let broken = |line: u64, error: csv::Error| {
            let problem = format!("is not valid CSV in UTF-8 ({error}); save the table as UTF-8 CSV");
            line_error(place, line, problem)
        };
        let header = reader.headers().map_err(|e| broken(1, e))?;
        let header: Vec<String> = header.iter().map(str::to_owned).collect();
        check_header(&header).map_err(|problem| line_error(place, 1, problem))?;

        let mut rows = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|e| broken(lines.line_of(e.position()), e))?;
            let line = lines.line_of(record.position());
            let problem = if record.len() != header.len() {
                Some(format!(
                    "has {} columns where the header has {}; quote cells that contain commas, and give every column a value",
                    record.len(),
                    header.len()
                ))
            } else if record[0].is_empty() {
                Some("has no file name in its first column".to_owned())
            } else {
                seen.insert(record[0].to_owned(), line).map(|earlier| {
                    let file = &record[0];
                    format!("file `{file}` was already given in line {earlier}; drop one of the two rows")
                })
            };
            if let Some(problem) = problem {
                return Err(line_error(place, line, problem));
            }
            rows.push((line, record));
        }
        Ok(Self {
            place: place.to_owned(),
            header,
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
        self.rows.iter().map(|(_, record)| record[0].to_owned()).collect()
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

/// What is wrong with a header, if anything.
fn check_header(header: &[String]) -> std::result::Result<(), String> {
    let first = header.first().map_or("", String::as_str);
    if !FILE_HEADERS.contains(&first) {
        return Err(format!(
            "the first column is `{first}`, but it must hold the file names and be called `fname` (or `filename`, `file`)"
        ));
    }
    let mut columns = HashMap::new();
    for (number, name) in (1..).zip(header) {
        if name.is_empty() {
            return Err(format!("column {number} has no name; give it one"));
        }
        if let Some(earlier) = columns.insert(name, number) {
            let place = format!("({earlier} and {number})");
            return Err(format!("column `{name}` appears twice {place}; drop one"));
        }
    }
    Ok(())
}

/// Counts the lines before each record of a text, from 1. Records are asked for in order, so each byte is looked at once.
///
/// The `csv` crate counts a record from the end of the previous one, so with `\r\n` or blank lines its own line number is
/// too small.
struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn line_of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(self.at, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
        let start = start.min(self.text.len());
        let rest = self.text[start..].iter();
        let end = start + rest.take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if end > self.at {
            let passed = &self.text[self.at..end];
            self.line += passed.iter().filter(|&&b| b == b'\n').count() as u64;
            self.at = end;
        }
        self.line
    }
}
