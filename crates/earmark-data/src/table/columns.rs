//! A table with named columns.

use std::path::{Path, PathBuf};

use earmark_core::csv_table::{FILE_COLUMNS, Record, read_records};
use earmark_core::text::letters_and_digits;

use crate::dataset::error::DataError;
use crate::layout::is_audio_name;
use crate::wording::{hint, quoted};

/// A parsed table: one header, rows of equal length.
pub(crate) struct Table {
    pub path: PathBuf,
    headers: Vec<String>,
    pub rows: Vec<Record>,
}

impl Table {
    /// Reads a table; columns are separated by tabs in `.tsv` files, in others by what the header contains.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let bytes = std::fs::read(path).map_err(DataError::reading(path))?;
        let is_tsv = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
        let table = Self::parse(path, &bytes, is_tsv.then_some(b'\t'))?;
        match table.rows.is_empty() {
            false => Ok(table),
            true => Err(DataError::EmptyTable {
                path: path.into(),
                header: table.headers.iter().any(|name| !name.is_empty()),
            }),
        }
    }

    /// Like [`Table::open`], from bytes in memory, with the separator that is preferred; there may be no rows.
    pub fn parse(path: &Path, bytes: &[u8], preferred: Option<u8>) -> Result<Self, DataError> {
        let records = read_records(bytes, preferred);
        let mut records = records
            .map_err(|e| DataError::row(path, e.line, e.problem))?
            .into_iter();
        let header = records.next().unwrap_or_default();
        let headers: Vec<String> = header.iter().map(str::to_owned).collect();
        let rows: Vec<Record> = records.collect();
        if let Some(row) = rows.iter().find(|row| row.len() != headers.len()) {
            let (found, wanted) = (row.len(), headers.len());
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

    /// The first of `names` that is a column: exactly, else in another letter case.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        let exact = |name: &&str| self.headers.iter().position(|header| header == name);
        let similar = |name: &&str| {
            let mut headers = self.headers.iter();
            headers.position(|header| header.eq_ignore_ascii_case(name))
        };
        let found = names.iter().find_map(exact);
        found.or_else(|| names.iter().find_map(similar))
    }

    /// The first of some usual names that is a column: as [`Self::find`] finds it, else whatever is between its words
    /// (`File name`, `file_name`).
    pub fn find_usual(&self, names: &[&str]) -> Option<usize> {
        let similar = |name: &&str| {
            let (mut headers, name) = (self.headers.iter(), letters_and_digits(name));
            headers.position(|header| letters_and_digits(header) == name)
        };
        self.find(names).or_else(|| names.iter().find_map(similar))
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.headers.get(column).map_or("", String::as_str)
    }

    /// The names of all columns.
    pub fn names(&self) -> &[String] {
        &self.headers
    }

    /// The first of `names` that is a column, or an error that lists what there is. `key` is the
    /// option that would name the column, where there is one.
    pub fn require(&self, names: &[&str], key: Option<&str>) -> Result<usize, DataError> {
        if let Some(column) = self.find(names) {
            return Ok(column);
        }
        let remedy = key.map_or(String::new(), |key| {
            format!("; name the right one with --{key}, or `{key}` in [data]")
        });
        let has_header = self.find_usual(&FILE_COLUMNS).is_some();
        let mut headers = self.headers.iter();
        let recording = headers.find(|name| is_audio_name(Path::new(name)));
        if let Some(file) = recording.filter(|_| !has_header) {
            let first = quoted(&self.headers, ", ");
            let problem = format!(
                "the first line ({first}) names the recording {file:?} instead of columns; write a line above it with \
                 the names of the columns, such as \"file\" and \"label\""
            );
            return Err(DataError::at(&self.path, problem));
        }
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
            None => Ok(self.find_usual(usual)),
        }
    }
}
