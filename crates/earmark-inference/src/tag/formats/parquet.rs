//! Apache Parquet: strings for files and classes, doubles for times, floats for scores; no column is optional.

use super::{FormatOptions, WindowLines};
use crate::tag::result::TagResult;
use crate::tag::scratch_file::ScratchFile;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Values of a row group over all columns: kept in memory until it is written.
const GROUP: usize = 1 << 19;

/// A file being written to a scratch file, because the Parquet writer must own its output.
pub(super) struct Parquet {
    writer: SerializedFileWriter<ScratchFile>,
    rows_of_group: usize,
    files: Vec<ByteArray>,
    starts: Vec<f64>,
    ends: Vec<f64>,
    /// Empty if each class has a column.
    classes: Vec<ByteArray>,
    /// One column per class, or a single one.
    scores: Vec<Vec<f32>>,
}

impl Parquet {
    pub fn begin(options: &FormatOptions) -> io::Result<Self> {
        let wide = options.is_wide();
        let (text, time) = (Physical::BYTE_ARRAY, Physical::DOUBLE);
        let mut columns = vec![("file", text), ("start_seconds", time), ("end_seconds", time)];
        let classes = options
            .classes
            .iter()
            .map(|class| (class.as_str(), Physical::FLOAT));
        match wide {
            true => columns.extend(classes),
            false => columns.extend([("class", text), ("score", Physical::FLOAT)]),
        }
        let n = columns.len();
        let columns = columns.into_iter().map(|(name, physical)| column(name, physical));
        let schema = Type::group_type_builder("earmark_tag")
            .with_fields(columns.collect::<io::Result<_>>()?)
            .build()
            .map_err(error)?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("earmark {}", earmark_core::VERSION))
            .build();
        let scratch = ScratchFile::new(options.scratch.unwrap_or(Path::new(".")));
        let writer =
            SerializedFileWriter::new(scratch, Arc::new(schema), Arc::new(properties)).map_err(error)?;
        Ok(Self {
            writer,
            rows_of_group: (GROUP / n).max(1),
            files: Vec::new(),
            starts: Vec::new(),
            ends: Vec::new(),
            classes: Vec::new(),
            scores: vec![Vec::new(); if wide { n - 3 } else { 1 }],
        })
    }

    pub fn add(
        &mut self,
        options: &FormatOptions,
        result: &TagResult,
        windows: &mut WindowLines,
    ) -> io::Result<()> {
        let file = ByteArray::from(result.file.as_str());
        options.rows(result, windows, |(start, end), class, scores| {
            self.files.push(file.clone());
            self.starts.push(start);
            self.ends.push(end);
            self.classes.extend(class.map(ByteArray::from));
            let columns = self.scores.iter_mut().zip(scores);
            columns.for_each(|(column, s)| column.push(*s));
            match self.files.len() == self.rows_of_group {
                true => self.group().map_err(error),
                false => Ok(()),
            }
        })
    }

    /// Writes a row group.
    fn group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        write_column::<ByteArrayType>(&mut group, &mut self.files)?;
        write_column::<DoubleType>(&mut group, &mut self.starts)?;
        write_column::<DoubleType>(&mut group, &mut self.ends)?;
        // Files with one column per class have no column of classes.
        if !self.classes.is_empty() {
            write_column::<ByteArrayType>(&mut group, &mut self.classes)?;
        }
        for column in &mut self.scores {
            write_column::<FloatType>(&mut group, column)?;
        }
        group.close().map(|_| ())
    }

    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.files.is_empty() {
            self.group().map_err(error)?;
        }
        let mut scratch = self.writer.into_inner().map_err(error)?;
        io::copy(&mut scratch.reader()?, out).map(|_| ())
    }
}

/// Writes a column of the row group and empties it for the next one.
fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, ScratchFile>,
    values: &mut Vec<T::T>,
) -> Result<(), ParquetError> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("fewer columns than values".into()))?;
    column.typed::<T>().write_batch(&values[..], None, None)?;
    values.clear();
    column.close()
}

fn column(name: &str, physical: Physical) -> io::Result<Arc<Type>> {
    let text = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(text)
        .build()
        .map(Arc::new)
        .map_err(error)
}

fn error(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
