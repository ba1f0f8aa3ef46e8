//! All runs below a folder.

use super::find::{FolderKind, FoundFolder, find_runs};
use super::run_entry::RunEntry;
use super::sort_by::SortBy;
use crate::run_dir::RunError;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// Runs, sorted, and folders that look like a run but can't be opened.
#[derive(Debug, Default)]
pub struct ExperimentLog {
    /// The runs.
    pub entries: Vec<RunEntry>,
    /// Folders with a `run.json` that can't be opened, with the reason.
    pub broken: Vec<RunError>,
    /// How many folds of cross-validation runs and trials of searches are left out: the entry of the whole sums them up.
    pub hidden: usize,
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
    /// All runs, cross-validation runs and searches in and below `folder`; those without the value asked for come last. Folds and
    /// trials of these are only listed if `all` are wanted. Hidden folders are skipped, links are not followed, and runs are not
    /// searched themselves.
    ///
    /// # Errors
    ///
    /// When the folder can't be read.
    pub fn read(folder: &Path, sort: SortBy, all: bool) -> Result<Self, ExperimentLogError> {
        let found = find_runs(folder).map_err(|cause| ExperimentLogError {
            folder: folder.into(),
            cause,
        })?;
        let mut log = Self::default();
        for FoundFolder { path, kind, is_inner } in found {
            if is_inner && !all {
                // A cross-validation run among the trials of a search is not a run of its own.
                log.hidden += usize::from(kind == FolderKind::Run);
                continue;
            }
            let read = match kind {
                FolderKind::Run => RunEntry::read(&path, folder),
                FolderKind::CrossValidation => RunEntry::read_cross_validation(&path, folder),
                FolderKind::Search => RunEntry::read_search(&path, folder),
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
        let found = ExperimentLog::read(dir.path(), SortBy::Started, false).unwrap();
        assert_eq!((found.entries.len(), found.broken.len()), (0, 2));
        assert!(ExperimentLog::read(&dir.path().join("none"), SortBy::Started, false).is_err());
    }
}
