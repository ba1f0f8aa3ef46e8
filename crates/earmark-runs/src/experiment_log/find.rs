//! Where runs are below a folder.

use super::search::trials_path;
use crate::run_dir::folds_path;
use std::path::{Path, PathBuf};

/// Folders deeper than this are not searched.
const MAX_DEPTH: usize = 8;

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FolderKind {
    /// A run.
    Run,
    /// The runs of all folds, with `folds.json`.
    CrossValidation,
    /// The trials of a search, with `trials.json`.
    Search,
}

impl FolderKind {
    /// What the folders of its own runs are called.
    fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Run => None,
            Self::CrossValidation => Some("fold-"),
            Self::Search => Some("trial-"),
        }
    }
}

/// A folder with a run, the runs of all folds or the trials of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundFolder {
    pub path: PathBuf,
    pub kind: FolderKind,
    /// Whether it is a fold or a trial of another one.
    pub is_inner: bool,
}

/// All of them in and below a folder, in the order of their names. Hidden folders are skipped, links are not followed, and runs are not
/// searched themselves.
pub(super) fn find_runs(folder: &Path) -> std::io::Result<Vec<FoundFolder>> {
    let mut found = Vec::new();
    find(folder, MAX_DEPTH, false, &mut found)?;
    Ok(found)
}

fn find(folder: &Path, depth: usize, is_inner: bool, found: &mut Vec<FoundFolder>) -> std::io::Result<()> {
    let kind = kind_of(folder);
    found.extend(kind.map(|kind| FoundFolder {
        path: folder.to_path_buf(),
        kind,
        is_inner,
    }));
    if kind == Some(FolderKind::Run) {
        return Ok(());
    }
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|e| e.path())
        .collect();
    below.sort();
    let prefix = kind.and_then(FolderKind::prefix);
    for folder in below.iter().filter(|_| depth > 0) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let is_inner = is_inner || prefix.is_some_and(|prefix| name.starts_with(prefix));
        // A folder that can't be entered holds none of the user's runs.
        let _ = find(folder, depth - 1, is_inner, found);
    }
    Ok(())
}

fn kind_of(folder: &Path) -> Option<FolderKind> {
    let kinds = [
        (folder.join("run.json"), FolderKind::Run),
        (trials_path(folder), FolderKind::Search),
        (folds_path(folder), FolderKind::CrossValidation),
    ];
    kinds
        .into_iter()
        .find(|(file, _)| file.is_file())
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_trials_are_inner_runs() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "a/run.json",
            "a/deeper/run.json",
            ".hidden/run.json",
            "cv/folds.json",
            "cv/fold-1/run.json",
            "cv/other/run.json",
            "search/trials.json",
            "search/trial-001/run.json",
            "search/trial-002/inner-1/run.json",
            "stacks/trials.json",
            "stacks/trial-001/folds.json",
            "stacks/trial-001/fold-1/run.json",
            "unfinished/fold-1/run.json",
        ] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let found = find_runs(dir.path()).unwrap();
        let names = |inner: bool| -> Vec<String> {
            let some = found.iter().filter(|f| f.is_inner == inner);
            let name = |f: &FoundFolder| f.path.strip_prefix(dir.path()).unwrap().display().to_string();
            some.map(name).collect()
        };
        // Without folds.json nothing sums a cross-validation up, so that its folds are listed.
        assert_eq!(
            names(false),
            ["a", "cv", "cv/other", "search", "stacks", "unfinished/fold-1"]
        );
        assert_eq!(
            names(true),
            [
                "cv/fold-1",
                "search/trial-001",
                "search/trial-002/inner-1",
                "stacks/trial-001",
                "stacks/trial-001/fold-1"
            ]
        );
        assert_eq!(found[1].kind, FolderKind::CrossValidation);
        assert!(find_runs(&dir.path().join("none")).is_err());
    }
}
