//! What the clips really contain: one row per clip, with its labels.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use earmark_core::csv_table::Record;
use earmark_core::labels::LabelRule;

use super::names::{check_unique, index_by_name, missing};
use super::read_clip_csv::{ClipCsv, label_column};
use crate::Result;
use crate::error::check_length;

/// Labels of clips. Files, classes and the labels of one clip are unique; a clip may have no label at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthTable {
    files: Vec<String>,
    classes: Vec<String>,
    /// For each file, indices into `classes`, ascending.
    pub(super) labels: Vec<Vec<usize>>,
}

impl TruthTable {
    /// Holds labels given by name; the classes are those that occur, in alphabetical order.
    ///
    /// # Errors
    /// `files` and `labels` of different lengths, a file named twice, or a label named twice for one file.
    pub fn new(files: Vec<String>, labels: Vec<Vec<String>>) -> Result<Self> {
        let classes: BTreeSet<String> = labels.iter().flatten().cloned().collect();
        Self::with_classes(files, classes.into_iter().collect(), labels)
    }

    /// Holds labels given by name, with the classes (and their order) given too.
    ///
    /// # Errors
    /// As [`TruthTable::new`], and also a class named twice or a label that is not one of the classes.
    pub fn with_classes(files: Vec<String>, classes: Vec<String>, labels: Vec<Vec<String>>) -> Result<Self> {
        check_unique("file", &files)?;
        check_unique("class", &classes)?;
        check_length("label lists, one per file", files.len(), labels.len())?;
        let index = index_by_name(&classes);
        let mut rows = Vec::with_capacity(files.len());
        for (file, names) in files.iter().zip(&labels) {
            check_unique("label", names)?;
            let unknown = |name: &str| {
                let context = format!("file `{file}` has a label that is not a class");
                let hint = "; add it to the classes or correct its spelling";
                missing(context, &[name], hint)
            };
            let class_of = |name: &String| index.get(name.as_str()).copied().ok_or_else(|| unknown(name));
            let mut row = names.iter().map(class_of).collect::<Result<Vec<usize>>>()?;
            row.sort_unstable();
            rows.push(row);
        }
        Ok(Self {
            files,
            classes,
            labels: rows,
        })
    }

    /// Reads a CSV file in any of the forms that [`TruthTable::parse`] knows.
    ///
    /// # Errors
    /// An unreadable file, or a text that [`TruthTable::parse`] refuses.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_csv(&ClipCsv::open(path.as_ref())?)
    }

    /// Reads CSV text with a column of files (`file`, `filename`, `fname` or `path`); `place` names it in errors.
    ///
    /// The header decides the form; columns that are not needed are ignored:
    /// - a column `labels` (FSDKaggle2019): any number of labels, separated by commas inside the quoted cell;
    /// - a column `label` (FSDKaggle2018), `category` (ESC-50) or `class`: exactly one label, commas included. Which of the two a
    ///   column is, [`LabelRule`] says, as for data tables;
    /// - otherwise the first column is the file, and every further one is a class and holds 0 or 1.
    ///
    /// # Errors
    /// A cell of any other form, with file, line, column and value.
    pub fn parse(reader: impl Read, place: &str) -> Result<Self> {
        Self::from_csv(&ClipCsv::parse(reader, place)?)
    }

    fn from_csv(csv: &ClipCsv) -> Result<Self> {
        let Some(column) = label_column(&csv.header) else {
            let labels = csv.rows.iter().map(|(line, record)| marked(csv, *line, record));
            let labels = labels.collect::<Result<_>>()?;
            return Self::with_classes(csv.files(), csv.header[1..].to_vec(), labels);
        };
        let rule = LabelRule::of_column(&csv.header[column]);
        let read = |(line, record): &(u64, Record)| {
            let cell = &record[column];
            let refuse = |problem: &str| csv.cell_error(*line, column, cell, problem);
            if cell.is_empty() && rule == LabelRule::One {
                return Err(refuse("is empty, but this column must hold exactly one label"));
            }
            rule.read(cell)
                .map_err(|problem| refuse(&format!("cannot be read: {problem}")))
        };
        let labels = csv.rows.iter().map(read).collect::<Result<_>>()?;
        Self::new(csv.files(), labels)
    }

    /// File names, one per row.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The classes that labels may name.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Labels of row `index`, as ascending indices into [`TruthTable::classes`]; `None` past the end.
    pub fn labels(&self, index: usize) -> Option<&[usize]> {
        self.labels.get(index).map(Vec::as_slice)
    }
}

/// A row of 0 and 1, one per class.
fn marked(csv: &ClipCsv, line: u64, record: &Record) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for (column, cell) in record.iter().enumerate().skip(1) {
        match cell.parse::<f32>() {
            Ok(1.0) => names.push(csv.header[column].clone()),
            Ok(0.0) => {}
            _ => {
                let problem = "is neither 0 nor 1; a truth table has a column `labels` or `label`, or one 0/1 column per class";
                return Err(csv.cell_error(line, column, cell, problem));
            }
        }
    }
    Ok(names)
}
