//! Recordings in the folder that its table does not list: nobody reads them, so somebody should say so.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use earmark_core::human::human_amount;

use super::audio_files::{files_below, is_audio_name};
use super::find_misplaced_files::FileIndex;
use super::interface::Row;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;

/// How many recordings are not in the table, and the first of them; `rows` are all rows of the table, also those of
/// subsets that are not wanted. Whatever a row may mean counts as listed.
pub(super) fn unlisted(root: &Path, table: &Path, rows: &[Row]) -> Result<Option<String>, DataError> {
    let mut found = files_below(root)?;
    found.retain(|path| is_audio_name(path));
    let known: HashSet<&Path> = found.iter().map(PathBuf::as_path).collect();
    let mut listed: HashSet<PathBuf> = HashSet::new();
    let mut elsewhere: Vec<&Item> = Vec::new();
    for Row { item, .. } in rows {
        let from_root = root.join(&item.file);
        if known.contains(item.path.as_path()) {
            listed.insert(item.path.clone());
        } else if known.contains(from_root.as_path()) {
            listed.insert(from_root);
        } else {
            elsewhere.push(item);
        }
    }
    if !elsewhere.is_empty() && listed.len() < found.len() {
        add_by_name(root, &elsewhere, &mut listed);
    }
    // The rest of the rows may lead to recordings of the folder by links, or by another way.
    let real: HashSet<PathBuf> = elsewhere
        .iter()
        .filter_map(|item| item.path.canonicalize().ok())
        .collect();
    let is_reached =
        |path: &Path| !real.is_empty() && path.canonicalize().is_ok_and(|path| real.contains(&path));
    let left: Vec<&PathBuf> = found
        .iter()
        .filter(|path| !listed.contains(*path) && !is_reached(path.as_path()))
        .collect();
    Ok(left.first().map(|first| {
        format!(
            "{} not in {} left out, first {}",
            human_amount(left.len(), "recording", "recordings"),
            below(root, table),
            below(root, first)
        )
    }))
}

/// Adds the files that the names of rows may mean: by all of the path, else by its last part.
fn add_by_name(root: &Path, rows: &[&Item], listed: &mut HashSet<PathBuf>) {
    let index = FileIndex::new(root);
    for item in rows {
        let last = item.file.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut fitting = index.fitting(&item.file);
        if fitting.is_empty() {
            fitting = index.fitting(last);
        }
        listed.extend(fitting.into_iter().cloned());
    }
}
