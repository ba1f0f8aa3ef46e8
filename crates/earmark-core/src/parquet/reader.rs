//! Reading Parquet, some rows of a column at a time.

use super::column_chunk::ColumnChunk;
use super::thrift::Thrift;
use super::{MARK, ParquetColumn, ParquetError, ParquetType, code};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

/// A table that is being read. What is in memory are descriptions of all columns, and a page of each column that is
/// read.
pub struct ParquetReader {
    file: File,
    size: u64,
    columns: Vec<ParquetColumn>,
    /// Descriptions of the row groups that are left, the next one last.
    groups: Vec<Thrift>,
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
        let description = description(&mut file, size)?;
        let mut elements = description.list(2).iter();
        // The first element is the table.
        elements.next();
        let columns = elements.map(column).collect::<Result<Vec<_>, _>>()?;
        let groups = match description {
            Thrift::Struct(fields) => fields.into_iter().find(|(id, _)| *id == 4),
            _ => None,
        };
        let groups = match groups {
            Some((_, Thrift::List(mut groups))) => {
                groups.reverse();
                groups
            }
            _ => Vec::new(),
        };
        Ok(Self {
            file,
            size,
            columns,
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
        let rows = self.groups.iter().filter_map(rows_of);
        rows.fold(0, u64::saturating_add)
    }

    /// Opens the next row group and gives its number of rows; `None` after the last one.
    ///
    /// # Errors
    /// For a row group without a number of rows, or with other columns than the table's.
    pub fn next_group(&mut self) -> Result<Option<u64>, ParquetError> {
        let Some(group) = self.groups.pop() else {
            return Ok(None);
        };
        if group.list(1).len() != self.columns.len() {
            return Err(ParquetError::Damaged(
                "a row group has other columns than the table",
            ));
        }
        let rows = rows_of(&group).ok_or(ParquetError::Damaged("a row group has no number of rows"))?;
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

    /// The next floats or doubles of a column of the open row group; `None` where it holds something else.
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn numbers(&mut self, column: usize, rows: usize) -> Result<Option<Vec<f64>>, ParquetError> {
        let (file, chunk) = self.chunk(column)?;
        match chunk.kind() {
            ParquetType::Float | ParquetType::Double => chunk.numbers(file, rows).map(Some),
            _ => Ok(None),
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
fn description(file: &mut File, size: u64) -> Result<Thrift, ParquetError> {
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
    Thrift::read(&mut &bytes[..]).ok_or(ParquetError::Damaged("its description can't be read"))
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
            Some(_) => ParquetType::Other,
            None => return Err(ParquetError::Damaged("a column has no type")),
        },
        is_optional: repetition == i64::from(code::OPTIONAL),
    })
}
