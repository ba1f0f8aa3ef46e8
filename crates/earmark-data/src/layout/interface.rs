//! What every layout does: recognise a folder, and read it into plain rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use earmark_core::csv_table::Record;

use super::events::LabelledEvent;
use super::options::DataOptions;
use crate::dataset::class_map::ClassMap;
use crate::dataset::error::DataError;
use crate::dataset::item::{Item, Skipped};
use crate::dataset::table_columns::TableColumns;
use crate::table::cells;
use crate::table::columns::Table;

/// A layout of data sets on disk.
pub(super) trait Layout: Sync {
    /// Whether the folder looks like this layout, by file names, and for tables by headers and the files that they name.
    fn recognise(&self, root: &Path, options: &DataOptions) -> Result<bool, DataError>;

    /// Reads the subsets that the options ask for. Whether the audio files exist is checked later.
    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError>;

    /// How many of [`TABLE_OPTIONS`](super::options::TABLE_OPTIONS), from the first, this layout has no use for.
    fn unused_options(&self) -> usize {
        6
    }
}

/// The columns of a recording that tables of all layouts may have.
#[derive(Default)]
pub(super) struct Columns {
    pub file: usize,
    /// `None` where labels are not read.
    pub label: Option<usize>,
    /// `None` where the table is that of one subset.
    pub subset: Option<usize>,
    pub fold: Option<usize>,
    pub group: Option<usize>,
}

impl Columns {
    /// The recording of a row, with its audio in `folder`; its labels are read by the layout. The error says what is wrong.
    pub fn item(&self, row: &Record, folder: &Path, subset: &str) -> Result<Item, String> {
        let file = cells::file_name(row, self.file)?;
        Ok(Item {
            path: folder.join(&file),
            file,
            subset: subset.to_owned(),
            fold: cells::fold(row, self.fold)?,
            group: cells::text(row, self.group),
            line: Some(row.line),
            ..Item::default()
        })
    }

    /// The cell with the labels; empty where they are not read.
    pub fn labels<'a>(&self, row: &'a Record) -> &'a str {
        self.label.map_or("", |column| row.cell(column))
    }

    /// The names of the columns.
    pub fn names(&self, table: &Table) -> TableColumns {
        let name = |column: Option<usize>| column.map(|column| table.name(column).to_owned());
        TableColumns {
            file: table.name(self.file).to_owned(),
            label: name(self.label),
            subset: name(self.subset),
            fold: name(self.fold),
            group: name(self.group),
        }
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
    /// The columns of the tables.
    pub columns: Option<TableColumns>,
    pub skipped: Vec<Skipped>,
    /// Whether recordings of this layout may have several labels.
    pub multi_label: bool,
    /// The classes and their order, where the layout brings a map of them.
    pub classes: Option<ClassMap>,
    /// Whether files that are not at their path are looked for elsewhere in the data folder.
    pub search: bool,
    /// The columns of a table that give the times of a label, in words.
    pub times: Option<String>,
    /// The events of each recording, where these are known and can be written as a table again.
    pub events: BTreeMap<String, Vec<LabelledEvent>>,
    /// What the user should know about the reading.
    pub notes: Vec<String>,
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
