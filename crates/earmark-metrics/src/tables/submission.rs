//! A model's answers as a submission: for each clip its best labels in order, without scores.

use std::io::Read;
use std::path::Path;

use super::ScoreTable;
use super::names::check_unique;
use super::read_clip_csv::ClipCsv;
use crate::Result;
use crate::error::check_length;

/// The column of a submission's labels.
const LABEL_COLUMN: &str = "label";

/// The best labels of each clip, best first, as FSDKaggle2018 takes them. Files and the labels of one clip are unique; a clip may have
/// no label at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    files: Vec<String>,
    labels: Vec<Vec<String>>,
}

/// A table of a model's answers, in either form.
#[derive(Clone, Debug, PartialEq)]
pub enum PredictionTable {
    /// A score for each class.
    Scores(ScoreTable),
    /// The best labels in order.
    Submission(Submission),
}

impl PredictionTable {
    /// Reads a CSV file; the header decides the form: a file column and one column `label` are a submission, everything else is a score
    /// table.
    ///
    /// # Errors
    /// An unreadable file, or a text that [`Submission::parse`] or [`ScoreTable::parse`] refuses.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_csv(&ClipCsv::open(path.as_ref())?)
    }

    /// Reads CSV text in either form; `place` names it in errors.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(reader: impl Read, place: &str) -> Result<Self> {
        Self::from_csv(&ClipCsv::parse(reader, place)?)
    }

    fn from_csv(csv: &ClipCsv) -> Result<Self> {
        match Submission::is_header(&csv.header) {
            true => Ok(Self::Submission(Submission::from_csv(csv)?)),
            false => Ok(Self::Scores(ScoreTable::from_csv(csv)?)),
        }
    }

    /// File names, one per row.
    pub fn files(&self) -> &[String] {
        match self {
            Self::Scores(table) => table.files(),
            Self::Submission(submission) => submission.files(),
        }
    }
}

impl Submission {
    /// Holds the labels of each file, best first.
    ///
    /// # Errors
    /// `files` and `labels` of different lengths, a file named twice, or a label named twice for one file.
    pub fn new(files: Vec<String>, labels: Vec<Vec<String>>) -> Result<Self> {
        check_unique("file", &files)?;
        check_length("label lists, one per file", files.len(), labels.len())?;
        labels.iter().try_for_each(|row| check_unique("label", row))?;
        Ok(Self { files, labels })
    }

    /// Reads CSV text with the header `fname,label` (or `filename`, `file`); spaces separate the labels of a cell. `place` names the
    /// text in errors.
    ///
    /// # Errors
    /// Another header, a file named twice, or a cell that names a label twice; with file, line and column.
    pub fn parse(reader: impl Read, place: &str) -> Result<Self> {
        let csv = ClipCsv::parse(reader, place)?;
        match Self::is_header(&csv.header) {
            true => Self::from_csv(&csv),
            false => Err(csv.line_error(1, "is not the header of a submission, `fname,label`")),
        }
    }

    fn is_header(header: &[String]) -> bool {
        matches!(header, [_, column] if column == LABEL_COLUMN)
    }

    fn from_csv(csv: &ClipCsv) -> Result<Self> {
        let mut labels = Vec::with_capacity(csv.rows.len());
        for (line, record) in &csv.rows {
            let row: Vec<String> = record[1].split_whitespace().map(str::to_owned).collect();
            let problem = "names a label twice; each label of a submission counts once, so drop one";
            check_unique("label", &row).map_err(|_| csv.cell_error(*line, 1, &record[1], problem))?;
            labels.push(row);
        }
        Self::new(csv.files(), labels)
    }

    /// File names, one per row.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The labels of row `index`, best first; `None` past the end.
    pub fn labels(&self, index: usize) -> Option<&[String]> {
        self.labels.get(index).map(Vec::as_slice)
    }

    /// The most labels of a row.
    pub fn longest_row(&self) -> usize {
        self.labels.iter().map(Vec::len).max().unwrap_or(0)
    }
}
