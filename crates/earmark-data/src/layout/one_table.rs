//! What the layouts of one table and a folder `audio/` share.

use std::path::{Path, PathBuf};

use super::kind::LayoutKind;
use crate::dataset::error::DataError;
use crate::table::columns::Table;

/// A layout's table, under one of several names.
pub(super) struct OneTable {
    pub layout: LayoutKind,
    /// Where it may be, below the data folder.
    pub paths: &'static [&'static str],
}

impl OneTable {
    fn find(&self, root: &Path) -> Option<PathBuf> {
        self.paths.iter().map(|t| root.join(t)).find(|p| p.is_file())
    }

    /// Whether it is there and has these columns.
    pub fn has(&self, root: &Path, columns: &[&str]) -> bool {
        let table = self.find(root).and_then(|path| Table::open(&path).ok());
        table.is_some_and(|t| columns.iter().all(|c| t.find(&[c]).is_some()))
    }

    /// Opens it.
    pub fn open(&self, root: &Path) -> Result<Table, DataError> {
        let path = self.find(root).ok_or_else(|| DataError::NoTable {
            root: root.into(),
            layout: self.layout,
            tried: self.paths.iter().map(|&t| t.to_owned()).collect(),
        })?;
        Table::open(&path)
    }
}

/// The folder of the recordings that the table lists.
pub(super) fn audio_folder(root: &Path, table: &Table) -> Result<PathBuf, DataError> {
    let folder = root.join("audio");
    match folder.is_dir() {
        true => Ok(folder),
        false => Err(DataError::NoAudioFolder {
            table: table.path.clone(),
            subset: "train".into(),
            root: root.into(),
            tried: vec!["audio/".into()],
        }),
    }
}
