//! A model's scores: one row a clip, one column a class.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use crate::csv_file::{CsvFile, write_atomically, write_error};
use crate::error::{check_length, check_unique};
use crate::{MetricsError, Result};

/// What the column of file names is called in tables that are written here, as on Kaggle.
const FILE_COLUMN: &str = "fname";

/// Scores of clips for classes, `[files, classes]` row-major. Every score is finite; files and classes are unique.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTable {
    files: Vec<String>,
    classes: Vec<String>,
    values: Vec<f32>,
}

impl ScoreTable {
    /// Checks and holds scores.
    ///
    /// # Errors
    /// A file or class named twice, a class called `fname`, `values` not `files x classes` long, or a score that is not finite.
    pub fn new(files: Vec<String>, classes: Vec<String>, values: Vec<f32>) -> Result<Self> {
        check_unique("file", &files)?;
        check_unique("class", &classes)?;
        // The file column would have the same name, and nobody could read the table that is written.
        if classes.iter().any(|class| class == FILE_COLUMN) {
            return Err(MetricsError::Duplicate {
                what: "column",
                name: FILE_COLUMN.into(),
            });
        }
        check_length(
            format!("scores of {} files x {} classes", files.len(), classes.len()),
            files.len() * classes.len(),
            values.len(),
        )?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let place = format!(
                "file `{}` for class `{}`",
                files[index / classes.len()],
                classes[index % classes.len()]
            );
            return Err(MetricsError::NotFinite {
                place,
                value: values[index],
            });
        }
        Ok(Self {
            files,
            classes,
            values,
        })
    }

    /// Reads a CSV file: header `fname,<class>...`, then one row a clip.
    ///
    /// # Errors
    /// An unreadable file, or a text that [`ScoreTable::parse`] refuses.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_csv(&CsvFile::open(path.as_ref())?)
    }

    /// Reads CSV text; `place` names it in errors.
    ///
    /// # Errors
    /// A first column that is no file column, a row of the wrong width, a file or class named twice, or a cell that is
    /// no finite number; each with file, line, column and value.
    pub fn parse(reader: impl Read, place: &str) -> Result<Self> {
        Self::from_csv(&CsvFile::parse(reader, place)?)
    }

    fn from_csv(csv: &CsvFile) -> Result<Self> {
        let classes = csv.header[1..].to_vec();
        if classes.is_empty() {
            return Err(MetricsError::Line {
                file: csv.place.clone(),
                line: 1,
                problem: "names no class; a score table has one column a class after the file column".into(),
            });
        }
        let mut values = Vec::with_capacity(csv.rows.len() * classes.len());
        for (line, record) in &csv.rows {
            for (column, cell) in record.iter().enumerate().skip(1) {
                let refuse = |problem| csv.cell_error(*line, column, cell, problem);
                let value: f32 = cell
                    .parse()
                    .map_err(|_| refuse("is not a number; a score table holds numbers only"))?;
                if !value.is_finite() {
                    return Err(refuse(
                        "is not a finite number; the model that wrote it has diverged or was fed broken features",
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
        let path = path.as_ref();
        write_atomically(path, |out| self.write_named(out, path))
    }

    /// Writes the table as CSV text, with as few digits as give the same `f32` back.
    ///
    /// # Errors
    /// A writer that fails.
    pub fn write(&self, out: impl Write) -> Result<()> {
        self.write_named(out, Path::new("score table"))
    }

    fn write_named(&self, out: impl Write, place: &Path) -> Result<()> {
        let failed = write_error(place);
        let mut writer = csv::Writer::from_writer(out);
        writer
            .write_record(std::iter::once(FILE_COLUMN).chain(self.classes.iter().map(String::as_str)))
            .map_err(&failed)?;
        for (file, row) in self.rows() {
            writer
                .write_record(std::iter::once(file.to_owned()).chain(row.iter().map(f32::to_string)))
                .map_err(&failed)?;
        }
        writer.flush().map_err(|source| failed(source.into()))
    }

    /// File names, one a row.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Class names, one a column.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// All scores, `[files, classes]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The scores of row `index`, one a class; `None` past the end.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        let width = self.classes.len();
        (index < self.files.len()).then(|| &self.values[index * width..(index + 1) * width])
    }

    /// File name and scores, row by row.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &[f32])> {
        // `chunks_exact` refuses a width of 0, where every row is empty.
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (file.as_str(), self.row(index).unwrap_or_default()))
    }

    /// Row of each file.
    pub(crate) fn index(&self) -> HashMap<&str, usize> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (file.as_str(), index))
            .collect()
    }
}
