//! The tables that are in a data folder, and the one that may have its labels.

use std::path::{Path, PathBuf};

use earmark_core::csv_table::{FILE_COLUMNS, LABEL_COLUMNS};

use super::audio_files::{has_audio, list_folder, visible};
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::table::columns::Table;
use crate::wording::quoted;

/// The tables directly in a folder, sorted, without hidden ones.
pub(super) fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let is_table = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let extension = path.extension().and_then(|extension| extension.to_str());
        let known = |e: &str| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv");
        extension.is_some_and(known) && name.is_some_and(|n| !n.starts_with('.')) && path.is_file()
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

/// A table in the folder, or in a folder in it, with a column of files or of labels.
pub(super) fn other_table(root: &Path) -> Option<String> {
    let inner = visible(root).ok()?.1;
    let folders = std::iter::once(root.to_owned()).chain(inner);
    let tables = folders.filter_map(|folder| tables_in(&folder).ok()).flatten();
    let rank = |path: &PathBuf| {
        let table = Table::open(path).ok()?;
        let has = |names: &[&str]| table.find(names).is_some();
        let columns = (has(&LABEL_COLUMNS), has(&FILE_COLUMNS));
        (columns != (false, false)).then(|| (columns, quoted(table.names(), ", ")))
    };
    let ranked = tables.filter_map(|path| Some((rank(&path)?, below(root, &path))));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|((columns, _), _)| std::cmp::Reverse(*columns)); // stable
    let (((labels, files), columns), path) = ranked.into_iter().next()?;
    let name = |has: bool, flag: &str| {
        if has {
            String::new()
        } else {
            format!(" and --{flag}")
        }
    };
    let flags = name(files, "file-column") + &name(labels, "label-column");
    Some(match (labels, files) {
        (true, true) => format!("the labels may be in the table {path}: name it with --table {path:?}"),
        _ => format!(
            "the labels may be in the table {path}: name it with --table{flags} (its columns are {columns})"
        ),
    })
}
