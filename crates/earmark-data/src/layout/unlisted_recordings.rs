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
/// subsets that are not wanted. Whatever a row may mean counts as listed. Nothing where the recordings of the table are
/// all elsewhere: the folder around it is not theirs.
pub(super) fn unlisted(root: &Path, table: &Path, rows: &[Row]) -> Result<Option<String>, DataError> {
    let real_root = root.canonicalize().map_err(DataError::reading(root))?;
    let is_other = |real: PathBuf| !real.starts_with(&real_root);
    let is_outside = |path: &Path| !path.starts_with(root) && path.canonicalize().is_ok_and(is_other);
    if rows.iter().all(|row| is_outside(&row.item.path)) {
        return Ok(None);
    }
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
    let (there, missing): (Vec<&Item>, Vec<&Item>) =
        elsewhere.into_iter().partition(|item| item.path.is_file());
    if !missing.is_empty() && listed.len() < found.len() {
        add_by_name(root, &missing, &mut listed);
    }
    let mut left: Vec<&PathBuf> = found.iter().filter(|path| !listed.contains(*path)).collect();
    if !left.is_empty() {
        // A row and a recording may be one by a link, or by another way.
        let paths = listed.iter().chain(there.iter().map(|item| &item.path));
        let real: HashSet<PathBuf> = paths.filter_map(|path| path.canonicalize().ok()).collect();
        let is_reached = |path: &Path| path.canonicalize().is_ok_and(|path| real.contains(&path));
        left.retain(|path| !is_reached(path));
    }
    let first = left.first().filter(|_| left.len() < found.len());
    Ok(first.map(|first| {
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
