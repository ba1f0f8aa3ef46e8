//! Tables as CSV text: what score tables and truth tables have in common.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::{MetricsError, Result};

/// Names of the first column that tables of this field use for the audio file.
const FILE_HEADERS: [&str; 3] = ["fname", "filename", "file"];

/// A CSV text with a header whose first column is the file name; every row has been checked to
/// be as wide as the header and to name a file that no other row names.
pub(crate) struct CsvFile {
    /// The table's name, for errors.
    pub place: String,
    /// The header, file column included.
    pub header: Vec<String>,
    /// Line number and cells of each row.
    pub rows: Vec<(u64, StringRecord)>,
}

impl CsvFile {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| MetricsError::Io {
            action: "open",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(std::io::BufReader::new(file), &path.display().to_string())
    }

    pub fn parse(mut reader: impl Read, place: &str) -> Result<Self> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).map_err(|source| MetricsError::Io {
            action: "read",
            path: place.into(),
            source,
        })?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let mut lines = Lines { text, at: 0, line: 1 };
        // `flexible`, so that a row of the wrong width gets our words instead of the parser's.
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text);
        let broken = |line: u64, error: csv::Error| MetricsError::Line {
            file: place.to_owned(),
            line,
            problem: format!("is not valid CSV in UTF-8 ({error}); save the table as UTF-8 CSV"),
        };
        let header: Vec<String> = reader
            .headers()
            .map_err(|e| broken(1, e))?
            .iter()
            .map(str::to_owned)
            .collect();
        let line_error = |line: u64, problem: String| MetricsError::Line {
            file: place.to_owned(),
            line,
            problem,
        };
        if !header
            .first()
            .is_some_and(|first| FILE_HEADERS.contains(&first.as_str()))
        {
            return Err(line_error(
                1,
                format!(
                    "the first column is `{}`, but it must hold the file names and be called `fname` (or `filename`, `file`)",
                    header.first().map_or("", String::as_str)
                ),
            ));
        }
        let mut columns = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            if name.is_empty() {
                return Err(line_error(
                    1,
                    format!("column {} has no name; give it one", index + 1),
                ));
            }
            if let Some(earlier) = columns.insert(name.as_str(), index) {
                return Err(line_error(
                    1,
                    format!(
                        "column `{name}` stands twice ({} and {}); drop one",
                        earlier + 1,
                        index + 1
                    ),
                ));
            }
        }

        let mut rows = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|e| broken(lines.of(e.position()), e))?;
            let line = lines.of(record.position());
            if record.len() != header.len() {
                return Err(line_error(
                    line,
                    format!(
                        "has {} columns where the header has {}; quote cells that contain commas, and give every column a value",
                        record.len(),
                        header.len()
                    ),
                ));
            }
            let file = &record[0];
            if file.is_empty() {
                return Err(line_error(line, "has no file name in its first column".into()));
            }
            if let Some(earlier) = seen.insert(file.to_owned(), line) {
                return Err(line_error(
                    line,
                    format!("file `{file}` was already given in line {earlier}; drop one of the two rows"),
                ));
            }
            rows.push((line, record));
        }
        Ok(Self {
            place: place.to_owned(),
            header,
            rows,
        })
    }

    /// The error for a cell, `column` counted from 0.
    pub fn cell_error(&self, line: u64, column: usize, value: &str, problem: &str) -> MetricsError {
        MetricsError::Cell {
            file: self.place.clone(),
            line,
            column: column + 1,
            name: self.header.get(column).cloned().unwrap_or_default(),
            value: value.to_owned(),
            problem: problem.to_owned(),
        }
    }

    /// The file names, row by row.
    pub fn files(&self) -> Vec<String> {
        self.rows.iter().map(|(_, record)| record[0].to_owned()).collect()
    }
}

/// The lines of the records of a text, counted from 1: asked in their order, each byte is looked at once.
///
/// The `csv` crate counts a record from the end of the one before, so that with `\r\n` or blank lines its own line number
/// is too small; this one looks at the bytes.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(self.at, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
        let start = start.min(self.text.len());
        let blank = self.text[start..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'));
        let end = start + blank.count();
        if end > self.at {
            let passed = &self.text[self.at..end];
            self.line += passed.iter().filter(|&&b| b == b'\n').count() as u64;
            self.at = end;
        }
        self.line
    }
}

/// Writes a file so that it is either the old one or the whole new one: into a neighbour, synced, then renamed. A link is
/// followed; a pipe or device, such as `/dev/stdout`, is written to directly, since it must not be replaced.
pub(crate) fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let failed = |source| MetricsError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    };
    let target = match std::fs::metadata(path) {
        Ok(found) if found.is_file() => std::fs::canonicalize(path).map_err(failed)?,
        Ok(found) if !found.is_dir() => {
            let file = std::fs::OpenOptions::new()
                .write(true)
                .open(path)
                .map_err(failed)?;
            let mut file = std::io::BufWriter::new(file);
            write(&mut file)?;
            return file.flush().map_err(failed);
        }
        _ => path.to_owned(),
    };
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = target.with_file_name(name);
    let whole = || -> Result<()> {
        let mut file = std::io::BufWriter::new(File::create(&part).map_err(failed)?);
        write(&mut file)?;
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        std::fs::rename(&part, &target).map_err(failed)
    };
    whole().inspect_err(|_| {
        // The first failure is the one worth telling; a part that was never created can't be removed either.
        let _ = std::fs::remove_file(&part);
    })
}

/// Names a write failure of the csv writer; `place` is what was being written.
pub(crate) fn write_error(place: &Path) -> impl Fn(csv::Error) -> MetricsError + '_ {
    move |error| MetricsError::Io {
        action: "write",
        path: place.to_owned(),
        source: std::io::Error::other(error),
    }
}
