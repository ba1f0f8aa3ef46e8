//! Reading Parquet, some rows of a column at a time.

use super::column_chunk::ColumnChunk;
use super::thrift::Thrift;
use super::{MARK, ParquetColumn, ParquetError, ParquetType, code};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// A table that is being read. What is in memory is the file's end, which describes it, one row group of that in a form
/// to look things up, and a page of each column that is read.
pub struct ParquetReader {
    file: File,
    size: u64,
    columns: Vec<ParquetColumn>,
    /// The file's end.
    end: Vec<u8>,
    /// The row groups that are left, the next one last: their descriptions in `end`, and their rows.
    groups: Vec<(Range<usize>, Option<u64>)>,
    /// The columns of the open row group that were read from.
    chunks: Vec<Option<ColumnChunk>>,
    group: Option<Thrift>,
}

impl ParquetReader {
    /// Reads the description of the table.
    ///
    /// # Errors
    /// For a file that can't be read, is damaged, or is more than a flat table.
    pub fn open(mut file: File) -> Result<Self, ParquetError> {
        let size = file.metadata()?.len();
        let end = end_of(&mut file, size)?;
        let mut groups = Vec::new();
        let add = |group: &Thrift, place| groups.push((place, rows_of(group)));
        let description = Thrift::read_elements(&mut &end[..], 4, add)
            .ok_or(ParquetError::Damaged("its description can't be read"))?;
        groups.reverse();
        let mut elements = description.list(2).iter();
        // The first element is the table.
        elements.next();
        let columns = elements.map(column).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            file,
            size,
            columns,
            end,
            groups,
            chunks: Vec::new(),
            group: None,
        })
    }

    /// The columns.
    pub fn columns(&self) -> &[ParquetColumn] {
        &self.columns
    }

    /// The rows of all row groups that are left, as the description has them.
    pub fn rows(&self) -> u64 {
        let rows = self.groups.iter().filter_map(|(_, rows)| *rows);
        rows.fold(0, u64::saturating_add)
    }

    /// Opens the next row group and gives its number of rows; `None` after the last one.
    ///
    /// # Errors
    /// For a row group without a number of rows, or with other columns than the table's.
    pub fn next_group(&mut self) -> Result<Option<u64>, ParquetError> {
        let Some((place, rows)) = self.groups.pop() else {
            return Ok(None);
        };
        let group = self.end.get(place).and_then(|mut group| Thrift::read(&mut group));
        let group = group.ok_or(ParquetError::Damaged("a row group has no description"))?;
        if group.list(1).len() != self.columns.len() {
            return Err(ParquetError::Damaged(
                "a row group has other columns than the table",
            ));
        }
        let rows = rows.ok_or(ParquetError::Damaged("a row group has no number of rows"))?;
        self.chunks.clear();
        self.chunks.resize_with(self.columns.len(), || None);
        self.group = Some(group);
        Ok(Some(rows))
    }

    /// The next texts of a column of the open row group; `None` where it holds something else.
    ///
    /// # Errors
    /// For a file that can't be read or is damaged, and for empty cells.
    pub fn texts(&mut self, column: usize, rows: usize) -> Result<Option<Vec<Arc<str>>>, ParquetError> {
        let (file, chunk) = self.chunk(column)?;
        match chunk.kind() {
            ParquetType::Text => chunk.texts(file, rows).map(Some),
            _ => Ok(None),
        }
    }

    /// The next numbers of a column of the open row group; `None` where it holds something else.
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn numbers(&mut self, column: usize, rows: usize) -> Result<Option<Vec<f64>>, ParquetError> {
        let (file, chunk) = self.chunk(column)?;
        match chunk.kind() {
            ParquetType::Text | ParquetType::Other => Ok(None),
            _ => chunk.numbers(file, rows).map(Some),
        }
    }

    fn chunk(&mut self, column: usize) -> Result<(&mut File, &mut ColumnChunk), ParquetError> {
        let absent = ParquetError::Damaged("a row group lacks a column");
        let (Some(named), Some(chunk)) = (self.columns.get(column), self.chunks.get_mut(column)) else {
            return Err(absent);
        };
        let open = match chunk.take() {
            Some(open) => open,
            None => {
                let described = self.group.as_ref().and_then(|group| group.list(1).get(column));
                let described = described.ok_or(absent)?;
                if described.field(1).is_some() {
                    return Err(ParquetError::Unsupported("a column in another file"));
                }
                let described = described
                    .field(3)
                    .ok_or(ParquetError::Unsupported("encryption"))?;
                ColumnChunk::open(named, described, self.size)?
            }
        };
        Ok((&mut self.file, chunk.insert(open)))
    }
}

/// `FileMetaData`, which is at the end, before its length.
fn end_of(file: &mut File, size: u64) -> Result<Vec<u8>, ParquetError> {
    let cut_off = || ParquetError::Damaged("its end is missing");
    let mut end = [0; 8];
    let place = size.checked_sub(end.len() as u64).ok_or_else(cut_off)?;
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(&mut end)?;
    let [a, b, c, d, mark @ ..] = end;
    if mark == *b"PARE" {
        return Err(ParquetError::Unsupported("encryption"));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = place
        .checked_sub(length)
        .filter(|start| *start >= 4 && mark == *MARK);
    file.seek(SeekFrom::Start(start.ok_or_else(cut_off)?))?;
    let mut bytes = Vec::new();
    file.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The rows of a `RowGroup`.
fn rows_of(group: &Thrift) -> Option<u64> {
    group.int(3).and_then(|rows| u64::try_from(rows).ok())
}

/// A column from its `SchemaElement`.
fn column(element: &Thrift) -> Result<ParquetColumn, ParquetError> {
    let repetition = element.int(3).unwrap_or(0);
    if element.int(5).unwrap_or(0) != 0 || !(0..=1).contains(&repetition) {
        return Err(ParquetError::Unsupported("a column of lists or tables"));
    }
    let kind = element.int(1).and_then(|kind| i32::try_from(kind).ok());
    Ok(ParquetColumn {
        name: element
            .text(4)
            .ok_or(ParquetError::Damaged("a column has no name"))?,
        kind: match kind {
            Some(code::BYTE_ARRAY) => ParquetType::Text,
            Some(code::DOUBLE) => ParquetType::Double,
            Some(code::FLOAT) => ParquetType::Float,
            Some(code::INT32) if is_integer(element) => ParquetType::Int32,
            Some(code::INT64) if is_integer(element) => ParquetType::Int64,
            Some(_) => ParquetType::Other,
            None => return Err(ParquetError::Damaged("a column has no type")),
        },
        is_optional: repetition == i64::from(code::OPTIONAL),
    })
}

/// Whether the integers of a column are just that, and not times, decimals or unsigned ones that need the sign's bit.
fn is_integer(element: &Thrift) -> bool {
    match (element.int(6), element.field(10)) {
        (Some(converted), _) => matches!(converted, 11 | 12 | 15..=18),
        (None, Some(logical)) => logical.field(10).is_some_and(|kind| kind.int(2) == Some(1)),
        (None, None) => true,
    }
}
