//! A CSV table in memory, with the true line of every row.

use std::path::{Path, PathBuf};

use super::error::DataError;
use earmark_core::text::suggest;

/// A parsed table: one header, rows of equal length.
pub(super) struct Table {
    pub path: PathBuf,
    pub headers: Vec<String>,
    pub rows: Vec<TableRow>,
}

/// One row and where it starts, counted from 1.
pub(super) struct TableRow {
    pub line: usize,
    pub cells: csv::StringRecord,
}

impl TableRow {
    /// The trimmed text of a cell; rows are as long as the header, so that a column always exists.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }

    /// A cell that may be empty, of a column that may not be there.
    pub fn text(&self, column: Option<usize>) -> Option<String> {
        column.map(|c| self.cell(c).to_owned()).filter(|t| !t.is_empty())
    }

    /// A cell that has to name a file.
    pub fn file_name(&self, column: usize) -> Result<String, String> {
        self.text(Some(column))
            .ok_or_else(|| "the file name is empty; fill it in or remove the row".into())
    }

    /// A cell that has to hold a fold; an empty one means that the recording is in none.
    pub fn fold(&self, column: Option<usize>) -> Result<Option<u32>, String> {
        let wrong = |text: &str| format!("the fold is {text:?}; write a whole number from 0");
        let number = |text: String| text.parse().map_err(|_| wrong(&text));
        self.text(column).map(number).transpose()
    }
}

impl Table {
    /// Reads a table; columns are separated by tabs in `.tsv` files, by commas in all others.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let bytes = std::fs::read(path).map_err(|source| DataError::Read {
            path: path.into(),
            source,
        })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if let Err(e) = std::str::from_utf8(bytes) {
            let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            return Err(DataError::NotUtf8 {
                path: path.into(),
                line,
            });
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(DataError::EmptyTable {
                path: path.into(),
                header: false,
            });
        }
        let delimiter = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv")) {
            b'\t'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(bytes);
        let mut headers: Option<Vec<String>> = None;
        let mut rows = Vec::new();
        let mut lines = LineCounter::new(bytes);
        for record in reader.records() {
            let cells = record.map_err(|e| DataError::row(path, 1, e.to_string()))?;
            let line = lines.line_of(cells.position());
            match &headers {
                None => headers = Some(cells.iter().map(|c| c.trim().to_owned()).collect()),
                Some(h) if h.len() != cells.len() => {
                    let problem = format!(
                        "found {} fields where the header has {}; put quotes around fields that contain a comma",
                        cells.len(),
                        h.len()
                    );
                    return Err(DataError::row(path, line, problem));
                }
                Some(_) => rows.push(TableRow { line, cells }),
            }
        }
        let headers = headers.unwrap_or_default();
        if rows.is_empty() {
            return Err(DataError::EmptyTable {
                path: path.into(),
                header: true,
            });
        }
        Ok(Self {
            path: path.into(),
            headers,
            rows,
        })
    }

    /// The first of `names` that is a column.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.headers.iter().position(|h| h == name))
    }

    /// The first of `names` that is a column, or an error that lists what there is. `key` is the
    /// option that would name the column, where there is one.
    pub fn require(&self, names: &[&str], key: Option<&str>) -> Result<usize, DataError> {
        if let Some(column) = self.find(names) {
            return Ok(column);
        }
        let found = || self.headers.iter().map(String::as_str);
        // A whole line in one column: the usual sign of another separator.
        let separator = [(';', "semicolons"), ('\t', "tabs")];
        let other = separator
            .iter()
            .find(|(c, _)| self.headers.len() == 1 && self.headers[0].contains(*c));
        let remedy = match (other, key) {
            (Some((_, what)), _) => Some(format!(
                "the columns seem to be separated by {what}: save the table with commas"
            )),
            (None, Some(key)) => Some(format!("name the right one with `{key}`")),
            (None, None) => None,
        };
        Err(DataError::Column {
            path: self.path.clone(),
            expected: names.iter().map(|&n| n.to_owned()).collect(),
            suggestion: names.iter().find_map(|n| suggest(n, found())).map(str::to_owned),
            found: self.headers.clone(),
            remedy,
        })
    }

    /// A column that the options may name (then it must exist), else the first known name that does.
    pub fn optional(
        &self,
        named: Option<&str>,
        known: &[&str],
        key: &str,
    ) -> Result<Option<usize>, DataError> {
        match named {
            Some(name) => self.require(&[name], Some(key)).map(Some),
            None => Ok(self.find(known)),
        }
    }
}

/// The lines of the records of a table, counted from 1: asked in their order, each byte is looked at once.
///
/// The `csv` crate counts a record from the end of the one before, so that with `\r\n` or blank
/// lines its own line number is too small; this one looks at the bytes.
pub(crate) struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> LineCounter<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            line: 1,
        }
    }

    pub(crate) fn line_of(&mut self, position: Option<&csv::Position>) -> usize {
        let start = position.map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
        let start = start.min(self.bytes.len());
        let blank = self.bytes[start..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        let end = start + blank;
        if end > self.at {
            self.line += self.bytes[self.at..end].iter().filter(|&&b| b == b'\n').count();
            self.at = end;
        }
        self.line
    }
}
