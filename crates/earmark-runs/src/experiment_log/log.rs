//! All runs below a folder.

use super::run_entry::RunEntry;
use super::sort_by::SortBy;
use crate::run_dir::{RunError, folds_path};
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// Folders deeper than this are not searched.
const MAX_DEPTH: usize = 8;

/// Runs, sorted, and folders that look like a run but can't be opened.
#[derive(Debug, Default)]
pub struct ExperimentLog {
    /// The runs.
    pub entries: Vec<RunEntry>,
    /// Folders with a `run.json` that can't be opened, with the reason.
    pub broken: Vec<RunError>,
}

/// A folder that can't be searched.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be searched for runs: {cause}; give the folder that holds them", folder.display())]
pub struct ExperimentLogError {
    /// The folder.
    pub folder: PathBuf,
    /// Why.
    pub cause: std::io::Error,
}

impl ExperimentLog {
    /// All runs and cross-validation runs in and below `folder`; those without the value asked for come last. Hidden folders are
    /// skipped, links are not followed, and runs are not searched themselves.
    ///
    /// # Errors
    ///
    /// When the folder can't be read.
    pub fn read(folder: &Path, sort: SortBy) -> Result<Self, ExperimentLogError> {
        let mut paths = Vec::new();
        find(folder, MAX_DEPTH, &mut paths).map_err(|cause| ExperimentLogError {
            folder: folder.into(),
            cause,
        })?;
        let mut log = Self::default();
        for path in paths {
            let read = match path.join("run.json").is_file() {
                true => RunEntry::read(&path, folder, sort),
                false => RunEntry::read_cross_validation(&path, folder),
            };
            match read {
                Ok(entry) => log.entries.push(entry),
                Err(e) => log.broken.push(e),
            }
        }
        log.entries.sort_by(|a, b| {
            let value = |e: &RunEntry| e.sort_value(sort).unwrap_or(f64::NEG_INFINITY);
            let order = value(b).total_cmp(&value(a));
            let newest = match sort {
                SortBy::Started => b.started.cmp(&a.started),
                _ => Ordering::Equal,
            };
            order.then(newest).then_with(|| a.name.cmp(&b.name))
        });
        Ok(log)
    }
}

/// Adds the runs in and below a folder to `found`.
fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.join("run.json").is_file() {
        found.push(folder.to_path_buf());
        return Ok(());
    }
    if folds_path(folder).is_file() {
        found.push(folder.to_path_buf());
    }
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|e| e.path())
        .collect();
    below.sort();
    if depth > 0 {
        for folder in below {
            // A folder that can't be entered holds none of the user's runs.
            let _ = find(&folder, depth - 1, found);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_runs_are_named_and_hidden_folders_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/b", ".hidden", "c"] {
            std::fs::create_dir_all(dir.path().join(name)).unwrap();
            std::fs::write(dir.path().join(name).join("run.json"), "{}").unwrap();
        }
        let found = ExperimentLog::read(dir.path(), SortBy::Started).unwrap();
        assert_eq!((found.entries.len(), found.broken.len()), (0, 2));
        assert!(ExperimentLog::read(&dir.path().join("none"), SortBy::Started).is_err());
    }
}
