//! What every layout does: recognise a folder, and read it into plain rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::dataset::item::{Item, Skipped};

/// A layout of data sets on disk.
pub(super) trait Layout: Sync {
    /// Whether the folder looks like this layout, judging by file names and headers only.
    fn recognise(&self, root: &Path) -> Result<bool, DataError>;

    /// Reads the subsets that the options ask for. Whether the audio files exist is checked later.
    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError>;

    /// The options about tables and columns that this layout has no use for, by their keys.
    fn unused_options(&self) -> &'static [&'static str] {
        &[
            "table",
            "file-column",
            "label-column",
            "subset-column",
            "label-separator",
        ]
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
    /// Where a recording is described: its table, or the file itself.
    pub fn source(&self, item: &Item) -> PathBuf {
        self.tables.get(&item.subset).unwrap_or(&item.path).clone()
    }
}
