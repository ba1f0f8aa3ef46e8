//! Rows of an Apache Parquet file.

use super::{ColumnKind, Fault, TableRow};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;

/// Cells that are read at a time, over all columns.
const CELLS: usize = 1 << 18;

/// Cells of one column.
enum Cells {
    Ignored,
    Texts(Vec<ByteArray>),
    Numbers(Vec<f64>),
}

/// A table that is being read.
pub(super) struct ParquetRows {
    file: SerializedFileReader<File>,
    /// The next row group.
    group: usize,
    /// What is left of the row group before it.
    readers: Vec<ColumnReader>,
    rows_left: usize,
    /// The rows that are read, and how many of them are passed on.
    cells: Vec<Cells>,
    rows: usize,
    passed: usize,
    /// All rows passed on.
    number: u64,
}

impl ParquetRows {
    /// Reads the names of the columns.
    pub fn open(file: File) -> Result<(Vec<String>, Self), String> {
        let file = SerializedFileReader::new(file).map_err(|e| problem(&e))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let columns = schema.columns().iter().map(|column| column.name().to_owned());
        let columns = columns.collect();
        let rows = Self {
            file,
            group: 0,
            readers: Vec::new(),
            rows_left: 0,
            cells: Vec::new(),
            rows: 0,
            passed: 0,
            number: 0,
        };
        Ok((columns, rows))
    }

    pub fn read(&mut self, kinds: &[ColumnKind], row: &mut TableRow) -> Result<bool, Fault> {
        row.number = self.number + 1;
        while self.passed == self.rows {
            if self.rows_left == 0 && !self.open_group()? {
                return Ok(false);
            }
            self.fill(kinds)?;
        }
        for (column, cells) in self.cells.iter().enumerate() {
            match cells {
                Cells::Ignored => {}
                Cells::Numbers(numbers) => {
                    let number = numbers[self.passed];
                    if !number.is_finite() {
                        return Err(Fault::in_column(column, "is not a number; write the file again"));
                    }
                    row.numbers[column] = number;
                }
                Cells::Texts(texts) => {
                    let text = texts[self.passed].as_utf8();
                    let text = text.map_err(|e| Fault::in_column(column, problem(&e)))?;
                    text.clone_into(&mut row.texts[column]);
                }
            }
        }
        self.passed += 1;
        self.number += 1;
        Ok(true)
    }

    /// Opens the columns of the next row group; false after the last one.
    fn open_group(&mut self) -> Result<bool, Fault> {
        if self.group == self.file.num_row_groups() {
            return Ok(false);
        }
        let group = self.file.get_row_group(self.group);
        let group = group.map_err(|e| Fault::new(problem(&e)))?;
        self.group += 1;
        let rows = group.metadata().num_rows();
        self.rows_left = usize::try_from(rows).unwrap_or(0);
        let columns = 0..group.metadata().num_columns();
        let readers: Result<Vec<ColumnReader>, ParquetError> =
            columns.map(|column| group.get_column_reader(column)).collect();
        self.readers = readers.map_err(|e| Fault::new(problem(&e)))?;
        Ok(true)
    }

    /// Reads the next rows of the open row group.
    fn fill(&mut self, kinds: &[ColumnKind]) -> Result<(), Fault> {
        let rows = (CELLS / kinds.len().max(1)).max(1).min(self.rows_left);
        self.cells.clear();
        for (column, (kind, reader)) in kinds.iter().zip(&mut self.readers).enumerate() {
            let wrong = |problem: String| Fault::in_column(column, problem);
            let other = || {
                let wanted = match kind {
                    ColumnKind::Text => "strings",
                    _ => "floats or doubles",
                };
                wrong(format!("has no {wanted}; write the file again"))
            };
            self.cells.push(match (kind, reader) {
                (ColumnKind::Ignored, _) => Cells::Ignored,
                (ColumnKind::Text, ColumnReader::ByteArrayColumnReader(reader)) => {
                    Cells::Texts(values(reader, rows).map_err(wrong)?)
                }
                (ColumnKind::Text, _) => return Err(other()),
                (_, ColumnReader::FloatColumnReader(reader)) => {
                    let floats = values(reader, rows).map_err(wrong)?;
                    Cells::Numbers(floats.into_iter().map(f64::from).collect())
                }
                (_, ColumnReader::DoubleColumnReader(reader)) => {
                    Cells::Numbers(values(reader, rows).map_err(wrong)?)
                }
                (_, _) => return Err(other()),
            });
        }
        self.rows_left -= rows;
        (self.rows, self.passed) = (rows, 0);
        Ok(())
    }
}

/// The next values of a column, one per row.
fn values<T: DataType>(reader: &mut ColumnReaderImpl<T>, rows: usize) -> Result<Vec<T::T>, String> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    reader
        .read_records(rows, Some(&mut levels), None, &mut values)
        .map_err(|e| problem(&e))?;
    match values.len() == rows {
        true => Ok(values),
        false => Err("has empty cells; write the file again without them".into()),
    }
}

fn problem(error: &ParquetError) -> String {
    format!("cannot be read: {error}; write the file again, without compression")
}
