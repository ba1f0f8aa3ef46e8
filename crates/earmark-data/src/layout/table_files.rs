//! The tables that are in a data folder.

use std::path::{Path, PathBuf};

use super::audio_files::{files_below, has_audio, is_audio_name, list_folder, visible};
use crate::dataset::error::DataError;

/// Whether a file name ends as that of a table does: in `csv` or `tsv`, in any letter case.
pub fn is_table_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|e| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv"))
}

/// Whether there are recordings or tables at any depth below a folder, or folders that can't be listed, which may hold
/// some.
pub fn has_recordings_or_tables(folder: &Path) -> bool {
    let files = files_below(folder).unwrap_or_default();
    let may_be_read = |path: &PathBuf| is_audio_name(path) || is_table_name(path) || path.is_dir();
    files.iter().any(may_be_read)
}

/// The tables directly in a folder, sorted, without hidden ones.
pub(super) fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let is_table = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        is_table_name(path) && name.is_some_and(|n| !n.starts_with('.')) && path.is_file()
    };
    Ok(list_folder(folder)?.into_iter().filter(is_table).collect())
}

/// The tables in the folders of the data folder. A table inside a class folder describes that class at best, so where
/// several folders have audio, only those without count.
pub(super) fn inner_tables(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    let folders = visible(root)?.1;
    for folder in &folders {
        // A folder that can't be listed has no table that could be read.
        found.push((folder, tables_in(folder).unwrap_or_default()));
    }
    if found.iter().all(|(_, tables)| tables.is_empty()) {
        return Ok(Vec::new());
    }
    let mut audible = Vec::new();
    for folder in &folders {
        if has_audio(folder)? {
            audible.push(folder);
        }
    }
    let counts = |folder: &PathBuf| audible.len() < 2 || !audible.contains(&folder);
    let tables = found.into_iter().filter(|(folder, _)| counts(folder));
    Ok(tables.flat_map(|(_, tables)| tables).collect())
}
