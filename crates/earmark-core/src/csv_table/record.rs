//! A row of a table, and what is wrong with a text that is not a table.

use std::ops::Index;

/// A row of a table. Cells are trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The line that it begins on, counted from 1.
    pub line: usize,
    /// The cells, one behind the other.
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
}

/// A text that is not a table: where and why, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RecordError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl RecordError {
    pub(super) fn new(line: usize, problem: String) -> Self {
        Self { line, problem }
    }
}

impl Record {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell; `None` past the end.
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// A cell, empty past the end.
    pub fn cell(&self, column: usize) -> &str {
        self.get(column).unwrap_or_default()
    }

    /// The cells.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// A record without cells.
    pub(super) fn begun_at(line: usize) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell.trim());
        self.ends.push(self.text.len());
    }

    /// Whether no cell has any text, as in the rows that spreadsheets leave at the end.
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

impl Index<usize> for Record {
    type Output = str;

    fn index(&self, column: usize) -> &str {
        self.get(column).expect("a column of the record")
    }
}
