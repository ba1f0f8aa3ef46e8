//! Tables of scores and of events, read row by row in constant memory: CSV and Apache Parquet, recognised by their
//! content.

mod csv_rows;
mod detections;
mod numbered;
mod parquet_rows;

pub(in crate::tag) use detections::some_names;
pub(crate) use detections::{Detection, Detections, read_detections};
pub(crate) use numbered::Numbered;

use crate::PipelineError;
use csv_rows::CsvRows;
use parquet_rows::ParquetRows;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// The first bytes of a Parquet file.
const PARQUET: &[u8; 4] = b"PAR1";

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Ignored,
    Text,
    /// A double.
    Seconds,
    /// A float: the nearest one to what is written.
    Score,
}

/// A row: the cells by the number of their column, empty or 0 in columns of another kind.
#[derive(Debug, Default)]
pub(crate) struct TableRow {
    pub texts: Vec<String>,
    pub numbers: Vec<f64>,
    /// The line in a CSV file, the row in a Parquet file, from 1.
    pub number: u64,
}

/// An open table.
pub(crate) struct TableReader {
    /// Its name, to begin messages with.
    name: String,
    columns: Vec<String>,
    rows: Rows,
}

enum Rows {
    Csv(Box<CsvRows>),
    Parquet(Box<ParquetRows>),
}

impl TableReader {
    /// Opens a table and reads the names of its columns.
    ///
    /// # Errors
    /// For a file that can't be read, or is not a table.
    pub fn open(path: &Path) -> Result<Self, PipelineError> {
        let name = path.display().to_string();
        let refused = |problem: String| PipelineError::Request(format!("{name}: {problem}"));
        let unreadable =
            |e: std::io::Error| refused(format!("cannot be read: {e}; check the path and the disk"));
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref()
            .take(4)
            .read_to_end(&mut start)
            .map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let (columns, rows) = match start == PARQUET {
            true => {
                let (columns, rows) = ParquetRows::open(file).map_err(refused)?;
                (columns, Rows::Parquet(Box::new(rows)))
            }
            false => {
                let (columns, rows) = CsvRows::open(file).map_err(refused)?;
                (columns, Rows::Csv(Box::new(rows)))
            }
        };
        Ok(Self { name, columns, rows })
    }

    /// Its name, to begin messages with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of its columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The column that has one of these names, in any letter case; the first name counts most.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let mut columns = self.columns.iter();
            columns.position(|column| column.trim().eq_ignore_ascii_case(name))
        })
    }

    /// Reads the next row; `kinds` says what each column is read as, the same in every call. False at the end.
    ///
    /// # Errors
    /// For a row that is damaged or short, and a cell that is not a number where one is wanted.
    pub fn read(&mut self, kinds: &[ColumnKind], row: &mut TableRow) -> Result<bool, PipelineError> {
        row.texts.resize(kinds.len(), String::new());
        row.numbers.resize(kinds.len(), 0.0);
        let result = match &mut self.rows {
            Rows::Csv(rows) => rows.read(kinds, row),
            Rows::Parquet(rows) => rows.read(kinds, row),
        };
        result.map_err(|Fault { column, problem }| {
            let column = column.and_then(|column| self.columns.get(column));
            let column = column.map_or(String::new(), |column| format!(", column {column}"));
            PipelineError::Request(format!("{}:{}{column}: {problem}", self.name, row.number))
        })
    }

    /// A message about a row.
    pub fn fault(&self, row: &TableRow, problem: &str) -> PipelineError {
        PipelineError::Request(format!("{}:{}: {problem}", self.name, row.number))
    }
}

/// What is wrong with a row.
struct Fault {
    column: Option<usize>,
    problem: String,
}

impl Fault {
    fn new(problem: impl Into<String>) -> Self {
        Self {
            column: None,
            problem: problem.into(),
        }
    }

    fn in_column(column: usize, problem: impl Into<String>) -> Self {
        Self {
            column: Some(column),
            problem: problem.into(),
        }
    }
}

#[cfg(test)]
mod tests;
