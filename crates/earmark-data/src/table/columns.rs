//! A table with named columns.

use std::path::{Path, PathBuf};

use super::records::{NOT_UTF8, Record, read_records};
use crate::dataset::error::DataError;
use crate::wording::{hint, quoted};

/// A parsed table: one header, rows of equal length.
pub(crate) struct Table {
    pub path: PathBuf,
    headers: Vec<String>,
    pub rows: Vec<Record>,
}

impl Record {
    /// A cell that may be empty, in a column that may be missing.
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
        let bytes = std::fs::read(path).map_err(DataError::reading(path))?;
        let is_tsv = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
        let records = read_records(&bytes, if is_tsv { b'\t' } else { b',' }).map_err(|e| {
            let save = "; save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")";
            let remedy = if e.problem == NOT_UTF8 { save } else { "" };
            DataError::row(path, e.line, e.problem + remedy)
        })?;
        let mut records = records.into_iter();
        let header = records.next().map(|header| header.cells).unwrap_or_default();
        let headers: Vec<String> = header.iter().map(str::to_owned).collect();
        let rows: Vec<Record> = records.collect();
        if rows.is_empty() {
            return Err(DataError::EmptyTable {
                path: path.into(),
                header: headers.iter().any(|name| !name.is_empty()),
            });
        }
        if let Some(row) = rows.iter().find(|row| row.cells.len() != headers.len()) {
            let (found, wanted) = (row.cells.len(), headers.len());
            let remedy = "put quotes around fields that contain a comma";
            let problem = format!("found {found} fields where the header has {wanted}; {remedy}");
            return Err(DataError::row(path, row.line, problem));
        }
        Ok(Self {
            path: path.into(),
            headers,
            rows,
        })
    }

    /// The first of `names` that is a column.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        let position = |name: &&str| self.headers.iter().position(|header| header == name);
        names.iter().find_map(position)
    }

    /// The first of `names` that is a column, or an error that lists what there is. `key` is the
    /// option that would name the column, where there is one.
    pub fn require(&self, names: &[&str], key: Option<&str>) -> Result<usize, DataError> {
        if let Some(column) = self.find(names) {
            return Ok(column);
        }
        // A whole line in one column: the usual sign of another separator.
        let separators = [(';', "semicolons"), ('\t', "tabs")];
        let mut others = separators.iter();
        let other = others.find(|(c, _)| self.headers.len() == 1 && self.headers[0].contains(*c));
        let remedy = match (other, key) {
            (Some((_, what)), _) => {
                format!("; the columns seem to be separated by {what}: save the table with commas")
            }
            (None, Some(key)) => format!("; name the right one with `{key}`"),
            (None, None) => String::new(),
        };
        let headers = || self.headers.iter().map(String::as_str);
        let mut hints = names.iter().map(|name| hint(name, headers()));
        let hint = hints.find(|hint| !hint.is_empty()).unwrap_or_default();
        let (expected, found) = (quoted(names, " or "), quoted(&self.headers, ", "));
        let problem = format!("there is no column {expected}{hint}; the columns are {found}{remedy}");
        Err(DataError::at(&self.path, problem))
    }

    /// A column that the options may name (then it must exist), else one of the usual names, which must exist too.
    pub fn named_or(&self, named: &Option<String>, usual: &[&str], key: &str) -> Result<usize, DataError> {
        let found = self.optional(named, usual, key)?;
        found.map_or_else(|| self.require(usual, Some(key)), Ok)
    }

    /// A column that the options may name (then it must exist), else the first of the usual names that does.
    pub fn optional(
        &self,
        named: &Option<String>,
        usual: &[&str],
        key: &str,
    ) -> Result<Option<usize>, DataError> {
        match named {
            Some(name) => self.require(&[name], Some(key)).map(Some),
            None => Ok(self.find(usual)),
        }
    }
}
