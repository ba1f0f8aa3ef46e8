//! What every layout does: recognise a folder, and read it into plain rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::dataset::item::{Item, Skipped};
use crate::table::columns::Table;
use crate::table::records::Record;

/// A layout of data sets on disk.
pub(super) trait Layout: Sync {
    /// Whether the folder looks like this layout, by file names and headers only.
    fn recognise(&self, root: &Path) -> Result<bool, DataError>;

    /// Reads the subsets that the options ask for. Whether the audio files exist is checked later.
    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError>;

    /// How many of [`TABLE_OPTIONS`](super::options::TABLE_OPTIONS), from the first, this layout has no use for.
    fn unused_options(&self) -> usize {
        5
    }
}

/// The columns of a recording that tables of all layouts may have.
#[derive(Default)]
pub(super) struct Columns {
    pub file: usize,
    /// `None` where labels are not read.
    pub label: Option<usize>,
    pub fold: Option<usize>,
    pub group: Option<usize>,
}

impl Columns {
    /// The recording of a row, with its audio in `folder`; its labels are read by the layout. The error says what is wrong.
    pub fn item(&self, row: &Record, folder: &Path, subset: &str) -> Result<Item, String> {
        let file = row.file_name(self.file)?;
        Ok(Item {
            path: folder.join(&file),
            file,
            subset: subset.to_owned(),
            fold: row.fold(self.fold)?,
            group: row.text(self.group),
            line: Some(row.line),
            ..Item::default()
        })
    }

    /// The cell with the labels; empty where they are not read.
    pub fn labels<'a>(&self, row: &'a Record) -> &'a str {
        self.label.map_or("", |column| row.cell(column))
    }
}

/// A recording as a layout reads it.
pub(super) struct Row {
    /// The recording, without label indices.
    pub item: Item,
    /// Its labels by name.
    pub labels: Vec<String>,
}

/// What a layout reads from a folder.
#[derive(Default)]
pub(super) struct Rows {
    pub rows: Vec<Row>,
    /// The table of each subset that has one.
    pub tables: BTreeMap<String, PathBuf>,
    pub skipped: Vec<Skipped>,
    /// Whether recordings of this layout may have several labels.
    pub multi_label: bool,
}

impl Rows {
    /// Adds what `read` makes of each row of a table; its error says what is wrong with the row.
    pub fn add<'a>(
        &mut self,
        table: &'a Table,
        mut read: impl FnMut(&'a Record) -> Result<Row, String>,
    ) -> Result<(), DataError> {
        for row in &table.rows {
            let added = read(row).map_err(|problem| DataError::row(&table.path, row.line, problem))?;
            self.rows.push(added);
        }
        Ok(())
    }

    /// Where a recording is described: its table, or the file itself.
    pub fn source(&self, item: &Item) -> PathBuf {
        self.tables.get(&item.subset).unwrap_or(&item.path).clone()
    }
}
