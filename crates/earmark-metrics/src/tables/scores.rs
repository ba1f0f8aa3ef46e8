//! A model's scores: one row per clip, one column per class.

use std::io::{self, Read, Write};
use std::path::Path;

use earmark_core::atomic;
use earmark_core::human::human_amount;

use super::names::check_unique;
use super::read_clip_csv::ClipCsv;
use crate::error::{check_finite, check_length};
use crate::{MetricsError, Result};

/// Name of the file column in tables written here, as on Kaggle.
const FILE_COLUMN: &str = "fname";

/// Scores of clips for classes, `[files, classes]` row-major. Every score is finite; files and classes are unique.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTable {
    files: Vec<String>,
    classes: Vec<String>,
    values: Vec<f32>,
}

impl ScoreTable {
    /// A table of these scores, checked.
    ///
    /// # Errors
    /// A file or class named twice, a class called `fname`, `values` not `files x classes` long, or a score that is not finite.
    pub fn new(files: Vec<String>, classes: Vec<String>, values: Vec<f32>) -> Result<Self> {
        check_unique("file", &files)?;
        check_unique("class", &classes)?;
        // The file column would have the same name, and the written table could not be read back.
        if classes.iter().any(|class| class == FILE_COLUMN) {
            let (what, name) = ("column", FILE_COLUMN.into());
            return Err(MetricsError::Duplicate { what, name });
        }
        let rows = human_amount(files.len(), "file", "files");
        let columns = human_amount(classes.len(), "class", "classes");
        let what = format!("scores of {rows} x {columns}");
        check_length(what, files.len() * classes.len(), values.len())?;
        check_finite(&values, |index| {
            let (file, class) = (&files[index / classes.len()], &classes[index % classes.len()]);
            format!("file `{file}` for class `{class}`")
        })?;
        Ok(Self {
            files,
            classes,
            values,
        })
    }

    /// Reads a CSV file: header `fname,<class>...`, then one row per clip.
    ///
    /// # Errors
    /// An unreadable file, or a text that [`ScoreTable::parse`] refuses.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_csv(&ClipCsv::open(path.as_ref())?)
    }

    /// Reads CSV text; `place` names it in errors.
    ///
    /// # Errors
    /// A first column that is not the file column, a row of the wrong width, a file or class named twice, or a cell that
    /// is not a finite number; each with file, line, column and value.
    pub fn parse(reader: impl Read, place: &str) -> Result<Self> {
        Self::from_csv(&ClipCsv::parse(reader, place)?)
    }

    pub(super) fn from_csv(csv: &ClipCsv) -> Result<Self> {
        if csv.file_column != 0 {
            let first = &csv.header[0];
            let problem =
                format!("the first column is `{first}`; in a score table it must hold the file names");
            return Err(csv.line_error(1, problem));
        }
        let classes = csv.header[1..].to_vec();
        if classes.is_empty() {
            let problem = "names no class; a score table has one column per class after the file column";
            return Err(csv.line_error(1, problem));
        }
        let mut values = Vec::with_capacity(csv.rows.len() * classes.len());
        for (line, record) in &csv.rows {
            for (column, cell) in record.iter().enumerate().skip(1) {
                let refuse = |problem| csv.cell_error(*line, column, cell, problem);
                let value: f32 = cell
                    .parse()
                    .map_err(|_| refuse("is not a number; a score table contains only numbers"))?;
                if !value.is_finite() {
                    return Err(refuse(
                        "is not a finite number; the model that wrote it has diverged or was given broken features",
                    ));
                }
                values.push(value);
            }
        }
        Self::new(csv.files(), classes, values)
    }

    /// Writes the table as a CSV file, atomically: a reader sees the old file or the whole new one.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(atomic::write(path.as_ref(), |out| self.write(out))?)
    }

    /// Writes the table as CSV text, with as few digits as give the same `f32` back.
    ///
    /// # Errors
    /// A writer that fails.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(std::iter::once(FILE_COLUMN).chain(self.classes.iter().map(String::as_str)))?;
        for (file, row) in self.rows() {
            writer.write_record(std::iter::once(file.to_owned()).chain(row.iter().map(f32::to_string)))?;
        }
        writer.flush()
    }

    /// File names, one per row.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Class names, one per column.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// All scores, `[files, classes]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The scores of row `index`, one per class; `None` past the end.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        let width = self.classes.len();
        (index < self.files.len()).then(|| &self.values[index * width..(index + 1) * width])
    }

    /// File name and scores, row by row.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &[f32])> {
        // `chunks_exact` refuses a width of 0, where every row is empty.
        let files = self.files.iter().map(String::as_str).enumerate();
        files.map(|(index, file)| (file, self.row(index).unwrap_or_default()))
    }
}
