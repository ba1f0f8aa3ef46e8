//! Apache Parquet: strings for files and classes, doubles for times, floats for scores; no column is optional, except
//! latitude and longitude.

use super::time_and_place::{COLUMNS, degrees, texts};
use super::{EVENT_COLUMNS, FormatOptions, RECORDING_COLUMN, RowScores, WindowLines};
use crate::tag::result::TagResult;
use crate::tag::scratch_file::ScratchFile;
use crate::time_and_place::TimeAndPlace;
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
    /// The class; what is known of the recording if each class has a column.
    texts: Vec<ByteArray>,
    /// One column per class, or a single one.
    scores: Vec<Vec<f32>>,
    known: Option<KnownColumns>,
}

/// The columns of when and where.
#[derive(Default)]
struct KnownColumns {
    /// Moments and sites.
    texts: [Vec<ByteArray>; 2],
    /// Latitudes and longitudes.
    degrees: [Vec<Option<f64>>; 2],
}

impl KnownColumns {
    fn push(&mut self, known: &TimeAndPlace, seconds: f64) {
        for (column, text) in self.texts.iter_mut().zip(texts(known, seconds)) {
            column.push(ByteArray::from(text.as_str()));
        }
        for (column, degrees) in self.degrees.iter_mut().zip(degrees(known)) {
            column.push(degrees);
        }
    }

    fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, ScratchFile>) -> Result<(), ParquetError> {
        for column in &mut self.texts {
            write_column::<ByteArrayType>(group, column)?;
        }
        for column in &mut self.degrees {
            write_degrees(group, column)?;
        }
        Ok(())
    }
}

impl Parquet {
    pub fn begin(options: &FormatOptions) -> io::Result<Self> {
        let wide = options.is_wide();
        let (text, time, score) = (Physical::BYTE_ARRAY, Physical::DOUBLE, Physical::FLOAT);
        let kinds = [text, time, time, text, score];
        let mut columns: Vec<(&str, Physical)> = EVENT_COLUMNS.into_iter().zip(kinds).collect();
        if wide {
            columns.truncate(3);
            columns.push((RECORDING_COLUMN, text));
            columns.extend(options.classes.iter().map(|class| (class.as_str(), score)));
        }
        let n = columns.len();
        let known = options.times_and_places.map(|_| KnownColumns::default());
        if known.is_some() {
            columns.extend(COLUMNS.into_iter().zip([text, text, time, time]));
        }
        let columns = columns.into_iter().enumerate().map(|(k, (name, physical))| {
            // What comes last may be unknown.
            let is_optional = k >= n + 2;
            column(name, physical, is_optional)
        });
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
            texts: Vec::new(),
            scores: vec![Vec::new(); n - 4],
            known,
        })
    }

    pub fn add(
        &mut self,
        options: &FormatOptions,
        result: &TagResult,
        windows: &mut WindowLines,
    ) -> io::Result<()> {
        let file = ByteArray::from(result.file.as_str());
        let known = options.known_of(result);
        options.rows(result, windows, |(start, end), scores| {
            if let (Some(columns), Some(known)) = (&mut self.known, known) {
                columns.push(known, start);
            }
            self.files.push(file.clone());
            self.starts.push(start);
            self.ends.push(end);
            let (text, scores) = match &scores {
                RowScores::One(class, score) => (*class, std::slice::from_ref(score)),
                RowScores::All { facts, scores } => (*facts, *scores),
            };
            self.texts.push(text.into());
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
        write_column::<ByteArrayType>(&mut group, &mut self.texts)?;
        for column in &mut self.scores {
            write_column::<FloatType>(&mut group, column)?;
        }
        if let Some(known) = &mut self.known {
            known.write(&mut group)?;
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

/// The same of degrees, which may be missing.
fn write_degrees(
    group: &mut SerializedRowGroupWriter<'_, ScratchFile>,
    values: &mut Vec<Option<f64>>,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<f64> = values.drain(..).flatten().collect();
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("fewer columns than values".into()))?;
    column
        .typed::<DoubleType>()
        .write_batch(&present[..], Some(&levels), None)?;
    column.close()
}

fn column(name: &str, physical: Physical, is_optional: bool) -> io::Result<Arc<Type>> {
    let text = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
    let repetition = match is_optional {
        true => Repetition::OPTIONAL,
        false => Repetition::REQUIRED,
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(text)
        .build()
        .map(Arc::new)
        .map_err(error)
}

fn error(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
