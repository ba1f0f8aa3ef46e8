//! Flat tables as Apache Parquet: texts and numbers.
//!
//! Written are version 1 of the format without compression, one page per column and row group, texts as numbers of a
//! dictionary where that is shorter. Read are also pages of version 2, dictionaries of numbers, several pages per
//! column, integers and Snappy's compression: what pyarrow, pandas and DuckDB write by default. A table may have columns
//! of other types, as long as these are not asked for.

mod column_chunk;
mod reader;
mod runs;
mod snappy;
mod thrift;
mod writer;

pub use reader::ParquetReader;
pub use writer::ParquetWriter;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParquetType {
    /// UTF-8.
    Text,
    /// `f64`
    Double,
    /// `f32`
    Float,
    /// `i32`, which is read and not written.
    Int32,
    /// `i64`, which is read as the nearest double and not written.
    Int64,
    /// What is not read.
    Other,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParquetColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ParquetType,
    /// Whether cells may be empty.
    pub is_optional: bool,
}

/// Why a table can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// It contradicts itself.
    #[error("is damaged: {0}")]
    Damaged(&'static str),
    /// It is whole, but of a kind that is not read.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// A cell is empty.
    #[error("has empty cells")]
    EmptyCell,
}

/// What a file begins and ends with.
const MARK: &[u8; 4] = b"PAR1";

/// Numbers of the format's enumerations.
mod code {
    pub const INT32: i32 = 1;
    pub const INT64: i32 = 2;
    pub const FLOAT: i32 = 4;
    pub const DOUBLE: i32 = 5;
    pub const BYTE_ARRAY: i32 = 6;
    pub const REQUIRED: i32 = 0;
    pub const OPTIONAL: i32 = 1;
    pub const PLAIN: i32 = 0;
    /// The name of [`RLE_DICTIONARY`] in the first versions.
    pub const PLAIN_DICTIONARY: i32 = 2;
    pub const RLE: i32 = 3;
    pub const RLE_DICTIONARY: i32 = 8;
    pub const DATA_PAGE: i32 = 0;
    pub const DICTIONARY_PAGE: i32 = 2;
    pub const DATA_PAGE_V2: i32 = 3;
}

#[cfg(test)]
mod tests;
