//! Reading one column of a row group, page by page.

use super::runs::{Runs, width_for};
use super::thrift::{Thrift, take};
use super::{ParquetColumn, ParquetError, ParquetType, code, snappy};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

/// Bytes in which the header of a page is looked for at first, and at most.
const HEADER: u64 = 1 << 12;
const LONGEST_HEADER: u64 = 1 << 24;

/// Bytes of a page that was compressed, at most; other programs make pages of a megabyte.
const LARGEST_PAGE: usize = 1 << 27;

const CUT_OFF: ParquetError = ParquetError::Damaged("a page is cut off");

/// One column of a row group that is being read.
pub(super) struct ColumnChunk {
    kind: ParquetType,
    is_optional: bool,
    is_compressed: bool,
    /// The next page, and the end of all pages.
    next: u64,
    end: u64,
    dictionary: Option<Dictionary>,
    page: Page,
}

enum Dictionary {
    Texts(Vec<Arc<str>>),
    Numbers(Vec<f64>),
}

/// A page and how far it is read.
struct Page {
    bytes: Vec<u8>,
    /// Cells that are left.
    left: u64,
    /// Whether cells are there, where they may be empty.
    present: Option<Runs>,
    values: Values,
}

enum Values {
    /// The place of the next one.
    Plain(usize),
    Numbered(Runs),
}

/// The head of a page.
struct Header {
    kind: i32,
    fields: Thrift,
    contents: u64,
    size: u64,
}

impl ColumnChunk {
    /// The column that `ColumnMetaData` describes.
    pub fn open(column: &ParquetColumn, description: &Thrift, file_size: u64) -> Result<Self, ParquetError> {
        let is_compressed = match description.int(4) {
            Some(0) => false,
            Some(1) => true,
            Some(2) => return Err(ParquetError::Unsupported("compression by gzip")),
            Some(4) => return Err(ParquetError::Unsupported("compression by Brotli")),
            Some(5 | 7) => return Err(ParquetError::Unsupported("compression by LZ4")),
            Some(6) => return Err(ParquetError::Unsupported("compression by zstd")),
            _ => return Err(ParquetError::Unsupported("its kind of compression")),
        };
        let place = |id| description.int(id).and_then(|place| u64::try_from(place).ok());
        let damaged = ParquetError::Damaged("a column has no place");
        let (Some(data), Some(bytes)) = (place(9), place(7)) else {
            return Err(damaged);
        };
        // Without a dictionary, some writers say that it is at 0.
        let start = place(11)
            .filter(|start| (1..data).contains(start))
            .unwrap_or(data);
        let end = start.checked_add(bytes).filter(|end| *end <= file_size);
        Ok(Self {
            kind: column.kind,
            is_optional: column.is_optional,
            is_compressed,
            next: start,
            end: end.ok_or(damaged)?,
            dictionary: None,
            page: Page {
                bytes: Vec::new(),
                left: 0,
                present: None,
                values: Values::Plain(0),
            },
        })
    }

    /// What it holds.
    pub fn kind(&self) -> ParquetType {
        self.kind
    }

    /// The next `count` texts.
    pub fn texts(&mut self, file: &mut File, count: usize) -> Result<Vec<Arc<str>>, ParquetError> {
        let mut texts = Vec::new();
        for _ in 0..count {
            let number = self.next_number(file)?;
            texts.push(match (number, &self.dictionary) {
                (Some(number), Some(Dictionary::Texts(texts))) => {
                    texts.get(number).cloned().ok_or(CUT_OFF)?
                }
                (Some(_), _) => return Err(ParquetError::Damaged("a dictionary is missing")),
                (None, _) => self.page.plain(plain_text)?,
            });
        }
        Ok(texts)
    }

    /// The next `count` numbers.
    pub fn numbers(&mut self, file: &mut File, count: usize) -> Result<Vec<f64>, ParquetError> {
        let read = plain_number(self.kind);
        let mut numbers = Vec::new();
        for _ in 0..count {
            let number = self.next_number(file)?;
            numbers.push(match (number, &self.dictionary) {
                (Some(number), Some(Dictionary::Numbers(all))) => *all.get(number).ok_or(CUT_OFF)?,
                (Some(_), _) => return Err(ParquetError::Damaged("a dictionary is missing")),
                (None, _) => self.page.plain(read)?,
            });
        }
        Ok(numbers)
    }

    /// The number of the next value in the dictionary; `None` where the page has the value itself.
    fn next_number(&mut self, file: &mut File) -> Result<Option<usize>, ParquetError> {
        while self.page.left == 0 {
            self.read_page(file)?;
        }
        let page = &mut self.page;
        page.left -= 1;
        if let Some(present) = &mut page.present
            && present.next(&page.bytes).ok_or(CUT_OFF)? == 0
        {
            return Err(ParquetError::EmptyCell);
        }
        match &mut page.values {
            Values::Plain(_) => Ok(None),
            Values::Numbered(runs) => Ok(Some(runs.next(&page.bytes).ok_or(CUT_OFF)? as usize)),
        }
    }

    fn read_page(&mut self, file: &mut File) -> Result<(), ParquetError> {
        let header = self.header(file)?;
        file.seek(SeekFrom::Start(header.contents))?;
        let mut bytes = Vec::new();
        file.by_ref().take(header.size).read_to_end(&mut bytes)?;
        self.next = header.contents + header.size;
        match header.kind {
            code::DICTIONARY_PAGE => {
                let bytes = self.decompressed(bytes, 0, &header.fields)?;
                self.dictionary = Some(dictionary(self.kind, &bytes)?);
            }
            code::DATA_PAGE => {
                let bytes = self.decompressed(bytes, 0, &header.fields)?;
                self.page = self.data_page(&header.fields, bytes)?;
            }
            code::DATA_PAGE_V2 => self.page = self.data_page_v2(&header.fields, bytes)?,
            // Indexes and what later versions add.
            _ => {}
        }
        Ok(())
    }

    /// The header of the next page, whose length is known only when it is read.
    fn header(&self, file: &mut File) -> Result<Header, ParquetError> {
        let mut window = HEADER;
        loop {
            let left = self.end.saturating_sub(self.next);
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(self.next))?;
            file.by_ref().take(window.min(left)).read_to_end(&mut bytes)?;
            let mut rest = &bytes[..];
            if let Some(fields) = Thrift::read(&mut rest) {
                let contents = self.next + (bytes.len() - rest.len()) as u64;
                let size = fields.int(3).and_then(|size| u64::try_from(size).ok());
                let size = size
                    .filter(|size| *size <= self.end.saturating_sub(contents))
                    .ok_or(CUT_OFF)?;
                let kind = fields
                    .int(1)
                    .and_then(|kind| i32::try_from(kind).ok())
                    .ok_or(CUT_OFF)?;
                return Ok(Header {
                    kind,
                    fields,
                    contents,
                    size,
                });
            }
            if window >= left.min(LONGEST_HEADER) {
                return Err(CUT_OFF);
            }
            window *= 8;
        }
    }

    /// The bytes of a page, of which those from `start` on were compressed if the column is.
    fn decompressed(
        &self,
        mut bytes: Vec<u8>,
        start: usize,
        header: &Thrift,
    ) -> Result<Vec<u8>, ParquetError> {
        if !self.is_compressed {
            return Ok(bytes);
        }
        let size = header.int(2).and_then(|size| usize::try_from(size).ok());
        let size = size.and_then(|size| size.checked_sub(start)).ok_or(CUT_OFF)?;
        if size > LARGEST_PAGE {
            return Err(ParquetError::Unsupported(
                "a compressed page of more than 128 MiB",
            ));
        }
        let compressed = bytes.get(start..).ok_or(CUT_OFF)?;
        let values = match size {
            // Some writers leave out that there is nothing.
            0 => Vec::new(),
            _ => snappy::decompress(compressed, size)
                .ok_or(ParquetError::Damaged("a page can't be decompressed"))?,
        };
        bytes.truncate(start);
        bytes.extend(values);
        Ok(bytes)
    }

    /// Version 1: levels with their length, then values.
    fn data_page(&self, header: &Thrift, bytes: Vec<u8>) -> Result<Page, ParquetError> {
        let fields = header.field(5).ok_or(CUT_OFF)?;
        let mut at = 0;
        let mut present = None;
        if self.is_optional {
            if fields.int(3) != Some(code::RLE.into()) {
                return Err(ParquetError::Unsupported("the coding of empty cells"));
            }
            let mut rest = &bytes[..];
            let length = u32::from_le_bytes(array(&mut rest)?) as usize;
            at = length
                .checked_add(4)
                .filter(|at| *at <= bytes.len())
                .ok_or(CUT_OFF)?;
            present = Some(Runs::new(4, at, width_for(1)));
        }
        page(bytes, at, present, [fields.int(1), fields.int(2)])
    }

    /// Version 2: levels whose lengths are in the header, then values.
    fn data_page_v2(&self, header: &Thrift, bytes: Vec<u8>) -> Result<Page, ParquetError> {
        let fields = header.field(8).ok_or(CUT_OFF)?;
        let length = |id| {
            let length = fields.int(id).and_then(|length| usize::try_from(length).ok());
            length.filter(|length| *length <= bytes.len()).ok_or(CUT_OFF)
        };
        let (repetition, definition) = (length(6)?, length(5)?);
        let at = repetition + definition;
        if at > bytes.len() {
            return Err(CUT_OFF);
        }
        let present = self.is_optional.then(|| Runs::new(repetition, at, width_for(1)));
        // Where the field is absent, values are compressed; levels never are.
        let bytes = match fields.int(7) {
            Some(0) => bytes,
            _ => self.decompressed(bytes, at, header)?,
        };
        page(bytes, at, present, [fields.int(1), fields.int(4)])
    }
}

/// A page of a number of cells in an encoding, whose values begin at `at`.
fn page(
    bytes: Vec<u8>,
    at: usize,
    present: Option<Runs>,
    [count, encoding]: [Option<i64>; 2],
) -> Result<Page, ParquetError> {
    let encoding = encoding.and_then(|encoding| i32::try_from(encoding).ok());
    let values = match encoding {
        Some(code::PLAIN) => Values::Plain(at),
        Some(code::PLAIN_DICTIONARY | code::RLE_DICTIONARY) => {
            // A page of empty cells need not have a width.
            let width = bytes.get(at).copied().unwrap_or(0);
            if width > 32 {
                return Err(ParquetError::Damaged("a number of a dictionary is too wide"));
            }
            let end = bytes.len();
            Values::Numbered(Runs::new((at + 1).min(end), end, width.into()))
        }
        _ => return Err(ParquetError::Unsupported("the encoding of a page")),
    };
    Ok(Page {
        bytes,
        left: count.and_then(|count| u64::try_from(count).ok()).ok_or(CUT_OFF)?,
        present,
        values,
    })
}

impl Page {
    /// The next value, where the page has it itself.
    fn plain<T>(&mut self, read: impl Fn(&mut &[u8]) -> Result<T, ParquetError>) -> Result<T, ParquetError> {
        let Values::Plain(at) = &mut self.values else {
            return Err(CUT_OFF);
        };
        let mut rest = self.bytes.get(*at..).ok_or(CUT_OFF)?;
        let value = read(&mut rest)?;
        *at = self.bytes.len() - rest.len();
        Ok(value)
    }
}

fn dictionary(kind: ParquetType, mut bytes: &[u8]) -> Result<Dictionary, ParquetError> {
    fn all<T>(
        bytes: &mut &[u8],
        read: impl Fn(&mut &[u8]) -> Result<T, ParquetError>,
    ) -> Result<Vec<T>, ParquetError> {
        let mut values = Vec::new();
        while !bytes.is_empty() {
            values.push(read(bytes)?);
        }
        Ok(values)
    }
    Ok(match kind {
        ParquetType::Text | ParquetType::Other => Dictionary::Texts(all(&mut bytes, plain_text)?),
        _ => Dictionary::Numbers(all(&mut bytes, plain_number(kind))?),
    })
}

fn plain_text(bytes: &mut &[u8]) -> Result<Arc<str>, ParquetError> {
    let length = u32::from_le_bytes(array(bytes)?);
    let text = take(bytes, length as usize).ok_or(CUT_OFF)?;
    let text = str::from_utf8(text).map_err(|_| ParquetError::Damaged("a text is not UTF-8"))?;
    Ok(text.into())
}

/// Reads a number of a kind.
fn plain_number(kind: ParquetType) -> fn(&mut &[u8]) -> Result<f64, ParquetError> {
    match kind {
        ParquetType::Float => plain_float,
        ParquetType::Int32 => plain_int32,
        ParquetType::Int64 => plain_int64,
        _ => plain_double,
    }
}

fn plain_int32(bytes: &mut &[u8]) -> Result<f64, ParquetError> {
    Ok(i32::from_le_bytes(array(bytes)?).into())
}

fn plain_int64(bytes: &mut &[u8]) -> Result<f64, ParquetError> {
    Ok(i64::from_le_bytes(array(bytes)?) as f64)
}

fn plain_float(bytes: &mut &[u8]) -> Result<f64, ParquetError> {
    Ok(f32::from_le_bytes(array(bytes)?).into())
}

fn plain_double(bytes: &mut &[u8]) -> Result<f64, ParquetError> {
    Ok(f64::from_le_bytes(array(bytes)?))
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ParquetError> {
    let (array, rest) = bytes.split_first_chunk().ok_or(CUT_OFF)?;
    *bytes = rest;
    Ok(*array)
}
