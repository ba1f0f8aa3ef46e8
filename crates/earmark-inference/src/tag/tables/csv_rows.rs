//! Rows of a CSV table.

use super::{ColumnKind, Fault, TableRow};
use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use std::fs::File;
use std::io::{BufRead, BufReader};

/// Bytes that are looked at for the separator.
const LOOK_AHEAD: usize = 1 << 16;

/// A table that is being read.
pub(super) struct CsvRows {
    reader: Reader<BufReader<File>>,
    record: StringRecord,
}

impl CsvRows {
    /// Reads the names of the columns.
    pub fn open(file: File) -> Result<(Vec<String>, Self), String> {
        let mut file = BufReader::with_capacity(LOOK_AHEAD, file);
        let start = file
            .fill_buf()
            .map_err(|e| format!("cannot be read: {e}; check the disk"))?;
        let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let separators = [b',', b'\t', b';'];
        let separator = separators.into_iter().find(|byte| first.contains(byte));
        let mut reader = ReaderBuilder::new()
            .delimiter(separator.unwrap_or(b','))
            .trim(Trim::Headers)
            .from_reader(file);
        let columns = reader
            .headers()
            .map_err(|e| format!("not a table: {e}; give CSV or Parquet"))?;
        let columns: Vec<String> = columns.iter().map(str::to_owned).collect();
        let record = StringRecord::new();
        Ok((columns, Self { reader, record }))
    }

    pub fn read(&mut self, kinds: &[ColumnKind], row: &mut TableRow) -> Result<bool, Fault> {
        let more = self.reader.read_record(&mut self.record);
        row.number = self.record.position().map_or(0, csv::Position::line);
        let more = more.map_err(|e| {
            if let Some(position) = e.position() {
                row.number = position.line();
            }
            Fault::new(format!("{e}; correct the table, or write it again"))
        })?;
        if !more {
            return Ok(false);
        }
        for (column, (kind, cell)) in kinds.iter().zip(&self.record).enumerate() {
            let number = match kind {
                ColumnKind::Ignored => continue,
                ColumnKind::Text => {
                    cell.clone_into(&mut row.texts[column]);
                    continue;
                }
                ColumnKind::Seconds => cell.trim().parse().ok(),
                // Not by way of a double, which would round twice.
                ColumnKind::Score => cell.trim().parse::<f32>().ok().map(f64::from),
            };
            row.numbers[column] = number.filter(|number: &f64| number.is_finite()).ok_or_else(|| {
                Fault::in_column(
                    column,
                    format!("{cell:?} is not a number; correct the table, or write it again"),
                )
            })?;
        }
        Ok(true)
    }
}
