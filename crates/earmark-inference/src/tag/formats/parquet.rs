//! Apache Parquet: strings for files and classes, doubles for times, floats for scores; no column is optional, except
//! latitude and longitude.

use super::time_and_place::{COLUMNS, degrees, texts};
use super::{EVENT_COLUMNS, FormatOptions, RECORDING_COLUMN, RowScores, WindowLines};
use crate::tag::result::TagResult;
use crate::tag::scratch_file::ScratchFile;
use crate::time_and_place::TimeAndPlace;
use earmark_core::parquet::{ParquetColumn, ParquetType, ParquetWriter};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Values of a row group over all columns: kept in memory until it is written.
const GROUP: usize = 1 << 19;

/// A file being written to a scratch file, until all is known.
pub(super) struct Parquet {
    writer: ParquetWriter<ScratchFile>,
    rows_of_group: usize,
    files: Vec<Arc<str>>,
    starts: Vec<f64>,
    ends: Vec<f64>,
    /// The class; what is known of the recording if each class has a column.
    texts: Vec<String>,
    /// One column per class, or a single one.
    scores: Vec<Vec<f32>>,
    known: Option<KnownColumns>,
}

/// The columns of when and where.
#[derive(Default)]
struct KnownColumns {
    /// Moments and sites.
    texts: [Vec<String>; 2],
    /// Latitudes and longitudes.
    degrees: [Vec<Option<f64>>; 2],
}

impl KnownColumns {
    fn push(&mut self, known: &TimeAndPlace, seconds: f64) {
        for (column, text) in self.texts.iter_mut().zip(texts(known, seconds)) {
            column.push(text.to_string());
        }
        for (column, degrees) in self.degrees.iter_mut().zip(degrees(known)) {
            column.push(degrees);
        }
    }

    fn write(&mut self, writer: &mut ParquetWriter<ScratchFile>) -> io::Result<()> {
        for column in &mut self.texts {
            writer.texts(column)?;
            column.clear();
        }
        for column in &mut self.degrees {
            writer.optional_doubles(column)?;
            column.clear();
        }
        Ok(())
    }
}

impl Parquet {
    pub fn begin(options: &FormatOptions) -> io::Result<Self> {
        let wide = options.is_wide();
        let (text, time, score) = (ParquetType::Text, ParquetType::Double, ParquetType::Float);
        let kinds = [text, time, time, text, score];
        let mut columns: Vec<(&str, ParquetType)> = EVENT_COLUMNS.into_iter().zip(kinds).collect();
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
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(k, (name, kind))| ParquetColumn {
                name: name.to_owned(),
                kind,
                // What comes last may be unknown.
                is_optional: k >= n + 2,
            });
        let scratch = ScratchFile::new(options.scratch.unwrap_or(Path::new(".")));
        let writer = ParquetWriter::new(scratch, "earmark_tag", columns.collect())?;
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
        let file: Arc<str> = result.file.as_str().into();
        let known = options.known_of(result);
        options.rows(result, windows, |(start, end), scores| {
            if let (Some(columns), Some(known)) = (&mut self.known, known) {
                columns.push(known, start);
            }
            self.files.push(Arc::clone(&file));
            self.starts.push(start);
            self.ends.push(end);
            let (text, scores) = match &scores {
                RowScores::One(class, score) => (*class, std::slice::from_ref(score)),
                RowScores::All { facts, scores } => (*facts, *scores),
            };
            self.texts.push(text.to_owned());
            let columns = self.scores.iter_mut().zip(scores);
            columns.for_each(|(column, s)| column.push(*s));
            match self.files.len() == self.rows_of_group {
                true => self.group(),
                false => Ok(()),
            }
        })
    }

    /// Writes a row group.
    fn group(&mut self) -> io::Result<()> {
        self.writer.texts(&self.files)?;
        self.writer.doubles(&self.starts)?;
        self.writer.doubles(&self.ends)?;
        self.writer.texts(&self.texts)?;
        self.files.clear();
        self.starts.clear();
        self.ends.clear();
        self.texts.clear();
        for column in &mut self.scores {
            self.writer.floats(column)?;
            column.clear();
        }
        match &mut self.known {
            Some(known) => known.write(&mut self.writer),
            None => Ok(()),
        }
    }

    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.files.is_empty() {
            self.group()?;
        }
        let mut scratch = self.writer.finish()?;
        io::copy(&mut scratch.reader()?, out).map(|_| ())
    }
}
