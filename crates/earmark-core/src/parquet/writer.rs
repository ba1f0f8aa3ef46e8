//! Writing Parquet, one row group at a time.

use super::runs::{width_for, write_runs};
use super::thrift::{BINARY, I32, STRUCT, StructWriter, structure, write_int, write_text};
use super::{MARK, ParquetColumn, ParquetType, code};
use std::collections::HashMap;
use std::io::{self, Write};

/// A table that is being written.
pub struct ParquetWriter<W> {
    out: W,
    table: Table,
}

/// What the end of the file says.
struct Table {
    name: String,
    columns: Vec<ParquetColumn>,
    /// Bytes that are written.
    bytes: u64,
    groups: Vec<Group>,
    /// The columns of the open row group.
    chunks: Vec<Chunk>,
    rows_of_group: usize,
}

struct Group {
    rows: usize,
    chunks: Vec<Chunk>,
}

/// One column of a row group.
struct Chunk {
    start: u64,
    dictionary_bytes: u64,
    bytes: u64,
}

/// Pages of a column, ready to be written.
struct Pages {
    bytes: Vec<u8>,
    /// Those of the dictionary, which comes first.
    dictionary_bytes: usize,
}

impl<W: Write> ParquetWriter<W> {
    /// Begins a table of a name with columns that hold texts, doubles or floats.
    ///
    /// # Errors
    /// When `out` can't be written to, and for a column of another kind.
    pub fn new(mut out: W, name: &str, columns: Vec<ParquetColumn>) -> io::Result<Self> {
        let is_written = |kind| matches!(kind, ParquetType::Text | ParquetType::Double | ParquetType::Float);
        if !columns.iter().all(|column| is_written(column.kind)) {
            return Err(io::Error::other("a column has no type that can be written"));
        }
        out.write_all(MARK)?;
        let table = Table {
            name: name.to_owned(),
            columns,
            bytes: MARK.len() as u64,
            groups: Vec::new(),
            chunks: Vec::new(),
            rows_of_group: 0,
        };
        Ok(Self { out, table })
    }

    /// Writes the next column of the open row group, of texts. Row groups open with their first column and close with
    /// their last one.
    ///
    /// # Errors
    /// When the file can't be written to, the column is of another kind, or it has more or fewer rows than those before it.
    pub fn texts<T: AsRef<str>>(&mut self, values: &[T]) -> io::Result<()> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.table.begin(ParquetType::Text, values.len())?;
        self.add(values.len(), &text_pages(&values)?)
    }

    /// Writes the next column, of floats; as [`Self::texts`].
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn floats(&mut self, values: &[f32]) -> io::Result<()> {
        self.table.begin(ParquetType::Float, values.len())?;
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(values.len(), &number_pages(bytes, values.len())?)
    }

    /// Writes the next column, of doubles; as [`Self::texts`].
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn doubles(&mut self, values: &[f64]) -> io::Result<()> {
        self.table.begin(ParquetType::Double, values.len())?;
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(values.len(), &number_pages(bytes, values.len())?)
    }

    /// Writes the next column, of doubles that may be missing; as [`Self::texts`].
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn optional_doubles(&mut self, values: &[Option<f64>]) -> io::Result<()> {
        self.table.begin(ParquetType::Double, values.len())?;
        let present: Vec<u32> = values.iter().map(|value| value.is_some().into()).collect();
        let mut levels = Vec::new();
        write_runs(&mut levels, &present, 1);
        let mut bytes = size(levels.len())?.to_le_bytes().to_vec();
        bytes.append(&mut levels);
        bytes.extend(values.iter().flatten().flat_map(|value| value.to_le_bytes()));
        self.add(values.len(), &number_pages(bytes, values.len())?)
    }

    fn add(&mut self, rows: usize, pages: &Pages) -> io::Result<()> {
        self.out.write_all(&pages.bytes)?;
        self.table.add(rows, pages);
        Ok(())
    }

    /// Writes the end of the file.
    ///
    /// # Errors
    /// When the file can't be written to, or a row group lacks columns.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.table.chunks.is_empty() {
            return Err(io::Error::other("the last row group lacks columns"));
        }
        let mut end = self.table.description();
        end.extend(size(end.len())?.to_le_bytes());
        end.extend(MARK);
        self.out.write_all(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl Table {
    /// Checks that a column is the next one.
    fn begin(&self, kind: ParquetType, rows: usize) -> io::Result<()> {
        let column = self.columns.get(self.chunks.len());
        let fits = column.is_some_and(|column| column.kind == kind);
        match fits && (self.chunks.is_empty() || rows == self.rows_of_group) {
            true => Ok(()),
            false => Err(io::Error::other("the column is not the next one of the table")),
        }
    }

    fn add(&mut self, rows: usize, pages: &Pages) {
        let bytes = pages.bytes.len() as u64;
        self.chunks.push(Chunk {
            start: self.bytes,
            dictionary_bytes: pages.dictionary_bytes as u64,
            bytes,
        });
        self.bytes += bytes;
        self.rows_of_group = rows;
        if self.chunks.len() == self.columns.len() {
            let chunks = std::mem::take(&mut self.chunks);
            self.groups.push(Group { rows, chunks });
        }
    }

    /// `FileMetaData`
    fn description(&self) -> Vec<u8> {
        let rows: usize = self.groups.iter().map(|group| group.rows).sum();
        let mut out = Vec::new();
        structure(&mut out, |file| {
            file.int(1, 1);
            file.list(2, STRUCT, self.columns.len() + 1, |out| {
                structure(out, |root| {
                    root.text(4, &self.name);
                    root.int(5, i32::try_from(self.columns.len()).unwrap_or(i32::MAX));
                });
                for column in &self.columns {
                    structure(out, |element| describe_column(element, column));
                }
            });
            file.long(3, long(rows as u64));
            file.list(4, STRUCT, self.groups.len(), |out| {
                for group in &self.groups {
                    structure(out, |element| self.describe_group(element, group));
                }
            });
            file.text(6, &format!("earmark {}", crate::VERSION));
        });
        out
    }

    /// `RowGroup`
    fn describe_group(&self, out: &mut StructWriter<'_>, group: &Group) {
        out.list(1, STRUCT, group.chunks.len(), |out| {
            for (chunk, column) in group.chunks.iter().zip(&self.columns) {
                structure(out, |element| {
                    element.long(2, long(chunk.start));
                    element.structure(3, |out| describe_chunk(out, chunk, column, group.rows));
                });
            }
        });
        out.long(2, long(group.chunks.iter().map(|chunk| chunk.bytes).sum()));
        out.long(3, long(group.rows as u64));
    }
}

/// `SchemaElement`
fn describe_column(out: &mut StructWriter<'_>, column: &ParquetColumn) {
    out.int(1, code_of(column.kind));
    out.int(
        3,
        match column.is_optional {
            true => code::OPTIONAL,
            false => code::REQUIRED,
        },
    );
    out.text(4, &column.name);
    if column.kind == ParquetType::Text {
        // UTF-8, in the words of the first versions and of later ones.
        out.int(6, 0);
        out.structure(10, |logical| logical.structure(1, |_| ()));
    }
}

/// `ColumnMetaData`
fn describe_chunk(out: &mut StructWriter<'_>, chunk: &Chunk, column: &ParquetColumn, rows: usize) {
    let has_dictionary = chunk.dictionary_bytes > 0;
    out.int(1, code_of(column.kind));
    let mut encodings = vec![code::PLAIN, code::RLE];
    encodings.extend(has_dictionary.then_some(code::RLE_DICTIONARY));
    out.list(2, I32, encodings.len(), |out| {
        encodings
            .iter()
            .for_each(|encoding| write_int(out, (*encoding).into()));
    });
    out.list(3, BINARY, 1, |out| write_text(out, &column.name));
    // No compression.
    out.int(4, 0);
    out.long(5, long(rows as u64));
    out.long(6, long(chunk.bytes));
    out.long(7, long(chunk.bytes));
    out.long(9, long(chunk.start + chunk.dictionary_bytes));
    if has_dictionary {
        out.long(11, long(chunk.start));
    }
}

fn code_of(kind: ParquetType) -> i32 {
    match kind {
        ParquetType::Double => code::DOUBLE,
        ParquetType::Float => code::FLOAT,
        ParquetType::Int32 => code::INT32,
        ParquetType::Int64 => code::INT64,
        ParquetType::Text | ParquetType::Other => code::BYTE_ARRAY,
    }
}

/// A page of texts; as numbers of a dictionary where that is shorter.
fn text_pages(values: &[&str]) -> io::Result<Pages> {
    let mut numbers = HashMap::new();
    let mut dictionary: Vec<&str> = Vec::new();
    let mut coded = Vec::with_capacity(values.len());
    for text in values {
        coded.push(*numbers.entry(*text).or_insert_with(|| {
            dictionary.push(*text);
            dictionary.len() as u32 - 1
        }));
    }
    if dictionary.len() > values.len() / 2 {
        return number_pages(plain_texts(values)?, values.len());
    }
    let mut bytes = Vec::new();
    page(
        &mut bytes,
        code::DICTIONARY_PAGE,
        dictionary.len(),
        code::PLAIN,
        &plain_texts(&dictionary)?,
    )?;
    let dictionary_bytes = bytes.len();
    let width = width_for(dictionary.len().saturating_sub(1));
    let mut data = vec![width as u8];
    write_runs(&mut data, &coded, width);
    page(
        &mut bytes,
        code::DATA_PAGE,
        values.len(),
        code::RLE_DICTIONARY,
        &data,
    )?;
    Ok(Pages {
        bytes,
        dictionary_bytes,
    })
}

fn plain_texts(values: &[&str]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for text in values {
        bytes.extend(size(text.len())?.to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    Ok(bytes)
}

/// A page of values as they are.
fn number_pages(values: Vec<u8>, count: usize) -> io::Result<Pages> {
    let mut bytes = Vec::new();
    page(&mut bytes, code::DATA_PAGE, count, code::PLAIN, &values)?;
    Ok(Pages {
        bytes,
        dictionary_bytes: 0,
    })
}

/// Appends a page: `PageHeader` and contents.
fn page(out: &mut Vec<u8>, kind: i32, count: usize, encoding: i32, contents: &[u8]) -> io::Result<()> {
    let (length, count) = (size(contents.len())?.cast_signed(), size(count)?.cast_signed());
    structure(out, |header| {
        header.int(1, kind);
        header.int(2, length);
        header.int(3, length);
        header.structure(if kind == code::DATA_PAGE { 5 } else { 7 }, |page| {
            page.int(1, count);
            page.int(2, encoding);
            if kind == code::DATA_PAGE {
                page.int(3, code::RLE);
                page.int(4, code::RLE);
            }
        });
    });
    out.extend(contents);
    Ok(())
}

/// A size in a page, which the format limits to 2 GiB.
fn size(size: usize) -> io::Result<u32> {
    let fits = u32::try_from(size).ok().filter(|size| size.cast_signed() >= 0);
    fits.ok_or_else(|| io::Error::other("a column of a row group is larger than 2 GiB"))
}

/// A place or size in the file.
fn long(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
