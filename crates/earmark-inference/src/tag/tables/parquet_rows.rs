//! Rows of an Apache Parquet file.

use super::{ColumnKind, Fault, TableRow};
use earmark_core::parquet::{ParquetError, ParquetReader};
use std::fs::File;
use std::sync::Arc;

/// Cells that are read at a time, over all columns.
const CELLS: usize = 1 << 18;

/// Rows that a byte of a file may stand for: of a row, at least a part of its time or score takes room. A file of a few
/// bytes could say otherwise that all of its billions of rows are alike.
const MOST_ROWS_PER_BYTE: u64 = 8;

/// Cells of one column.
enum Cells {
    Ignored,
    Texts(Vec<Arc<str>>),
    Numbers(Vec<f64>),
}

/// A table that is being read.
pub(super) struct ParquetRows {
    table: ParquetReader,
    /// Rows of the open row group that are not read yet.
    rows_left: u64,
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
        let bytes = file.metadata().map_or(0, |about| about.len());
        let table = ParquetReader::open(file).map_err(problem)?;
        let rows = table.rows();
        if rows > bytes.saturating_mul(MOST_ROWS_PER_BYTE) {
            return Err(format!(
                "says that it has {rows} rows, more than its {bytes} bytes can hold; write the file again"
            ));
        }
        let columns = table.columns().iter().map(|column| column.name.clone()).collect();
        let rows = Self {
            table,
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
            if self.rows_left == 0 {
                match self.table.next_group().map_err(|e| Fault::new(problem(e)))? {
                    Some(rows) => self.rows_left = rows,
                    None => return Ok(false),
                }
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
                    let cell = &mut row.texts[column];
                    cell.clear();
                    cell.push_str(&texts[self.passed]);
                }
            }
        }
        self.passed += 1;
        self.number += 1;
        Ok(true)
    }

    /// Reads the next rows of the open row group.
    fn fill(&mut self, kinds: &[ColumnKind]) -> Result<(), Fault> {
        let at_a_time = (CELLS / kinds.len().max(1)).max(1);
        let rows = usize::try_from(self.rows_left).map_or(at_a_time, |left| left.min(at_a_time));
        self.cells.clear();
        for (column, kind) in kinds.iter().enumerate() {
            let wrong = |e| Fault::in_column(column, problem(e));
            let cells = match kind {
                ColumnKind::Ignored => Some(Cells::Ignored),
                ColumnKind::Text => {
                    let texts = self.table.texts(column, rows).map_err(wrong)?;
                    texts.map(Cells::Texts)
                }
                ColumnKind::Seconds | ColumnKind::Score => {
                    let numbers = self.table.numbers(column, rows).map_err(wrong)?;
                    numbers.map(Cells::Numbers)
                }
            };
            let wanted = match kind {
                ColumnKind::Text => "strings",
                _ => "numbers",
            };
            self.cells.push(
                cells.ok_or_else(|| {
                    Fault::in_column(column, format!("has no {wanted}; write the file again"))
                })?,
            );
        }
        self.rows_left -= rows as u64;
        (self.rows, self.passed) = (rows, 0);
        Ok(())
    }
}

fn problem(error: ParquetError) -> String {
    let remedy = match error {
        ParquetError::EmptyCell => return format!("{error}; write the file again without them"),
        ParquetError::Unsupported(_) => {
            ", as a flat table of version 1 of the format, without compression or with Snappy's"
        }
        ParquetError::Damaged(_) | ParquetError::File(_) => "",
    };
    format!("cannot be read: {error}; write the file again{remedy}")
}
