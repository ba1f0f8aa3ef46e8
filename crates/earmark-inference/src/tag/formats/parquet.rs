//! Apache Parquet: strings for files and classes, doubles for times, floats for scores; no column is optional.

use super::{FormatOptions, WindowLines};
use crate::tag::resume_log::TagOutcome;
use crate::tag::scratch_file::ScratchFile;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType};
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
    rows: usize,
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
        let wide = options.windows && options.top.is_none();
        let mut columns = vec![
            column("file", Physical::BYTE_ARRAY)?,
            column("start_seconds", Physical::DOUBLE)?,
            column("end_seconds", Physical::DOUBLE)?,
        ];
        if wide {
            for class in options.classes {
                columns.push(column(class, Physical::FLOAT)?);
            }
        } else {
            columns.push(column("class", Physical::BYTE_ARRAY)?);
            columns.push(column("score", Physical::FLOAT)?);
        }
        let n = columns.len();
        let schema = Type::group_type_builder("earmark_tag")
            .with_fields(columns)
            .build()
            .map_err(error)?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("earmark {}", earmark_core::VERSION))
            .build();
        let scratch = ScratchFile::new(options.scratch.unwrap_or(Path::new(".")), "earmark-parquet");
        let writer =
            SerializedFileWriter::new(scratch, Arc::new(schema), Arc::new(properties)).map_err(error)?;
        Ok(Self {
            writer,
            rows: 0,
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
        outcome: &TagOutcome,
        windows: &mut WindowLines,
    ) -> io::Result<()> {
        let TagOutcome::Tagged(result) = outcome else {
            return Ok(());
        };
        let file = ByteArray::from(result.file.as_str());
        if !options.windows {
            return result.events.iter().try_for_each(|e| {
                self.row(
                    &file,
                    (e.onset, e.offset),
                    Some(e.class.as_str()),
                    std::slice::from_ref(&e.score),
                )
            });
        }
        for window in windows {
            let window = window?;
            let times = (window.start, window.end);
            if options.top.is_none() {
                self.row(&file, times, None, &window.scores)?;
            } else {
                for (class, score) in window.pairs() {
                    self.row(&file, times, Some(&options.classes[class]), &[score])?;
                }
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        file: &ByteArray,
        (start, end): (f64, f64),
        class: Option<&str>,
        scores: &[f32],
    ) -> io::Result<()> {
        self.files.push(file.clone());
        self.starts.push(start);
        self.ends.push(end);
        self.classes.extend(class.map(ByteArray::from));
        self.scores
            .iter_mut()
            .zip(scores)
            .for_each(|(column, s)| column.push(*s));
        self.rows += 1;
        if self.rows == self.rows_of_group {
            self.group()?;
        }
        Ok(())
    }

    /// Writes a row group.
    fn group(&mut self) -> io::Result<()> {
        let write = |writer: &mut SerializedFileWriter<ScratchFile>| -> Result<(), ParquetError> {
            let mut group = writer.next_row_group()?;
            write_column::<ByteArrayType>(&mut group, &self.files)?;
            write_column::<DoubleType>(&mut group, &self.starts)?;
            write_column::<DoubleType>(&mut group, &self.ends)?;
            // Files with one column per class have no column of classes.
            if !self.classes.is_empty() {
                write_column::<ByteArrayType>(&mut group, &self.classes)?;
            }
            for column in &self.scores {
                write_column::<FloatType>(&mut group, column)?;
            }
            group.close().map(|_| ())
        };
        write(&mut self.writer).map_err(error)?;
        self.rows = 0;
        self.files.clear();
        self.starts.clear();
        self.ends.clear();
        self.classes.clear();
        self.scores.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows > 0 {
            self.group()?;
        }
        let mut scratch = self.writer.into_inner().map_err(error)?;
        io::copy(&mut scratch.reader()?, out).map(|_| ())
    }
}

fn write_column<T: parquet::data_type::DataType>(
    group: &mut SerializedRowGroupWriter<'_, ScratchFile>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("fewer columns than values".into()))?;
    column.typed::<T>().write_batch(values, None, None)?;
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
