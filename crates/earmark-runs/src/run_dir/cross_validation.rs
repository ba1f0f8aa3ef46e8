//! A cross-validation run, which holds a run per fold: `RUN/fold-1`, `RUN/fold-2`, ..., and `RUN/folds.json` once all are evaluated.

use super::RunError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The run of a fold.
pub fn fold_run(run: &Path, fold: u32) -> PathBuf {
    run.join(format!("fold-{fold}"))
}

/// The results over all folds.
pub fn folds_path(run: &Path) -> PathBuf {
    run.join("folds.json")
}

/// The folds and their runs in `path`, ascending; none if it is a single run or not a run at all.
///
/// # Errors
/// [`RunError::Read`] for a folder that can't be listed.
pub fn fold_runs(path: &Path) -> Result<Vec<(u32, PathBuf)>, RunError> {
    if path.join("run.json").exists() {
        return Ok(Vec::new());
    }
    let entries = match std::fs::read_dir(path) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries.map_err(|e| RunError::read(path, e))?,
    };
    let mut runs = Vec::new();
    for entry in entries {
        let name = entry.map_err(|e| RunError::read(path, e))?.file_name();
        let fold = name
            .to_str()
            .and_then(|n| n.strip_prefix("fold-")?.parse::<u32>().ok());
        // `fold-01` was not written by a training.
        let run = fold.map(|fold| (fold, fold_run(path, fold)));
        runs.extend(run.filter(|(_, run)| run.file_name() == Some(&name) && run.join("run.json").is_file()));
    }
    runs.sort_unstable();
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fold_runs_are_found_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let set = dir.path();
        for name in ["fold-10", "fold-2", "fold-03", "fold-x", "fold-4"] {
            std::fs::create_dir(set.join(name)).unwrap();
            if name != "fold-4" {
                std::fs::write(set.join(name).join("run.json"), "{}").unwrap();
            }
        }
        let found: Vec<u32> = fold_runs(set)
            .unwrap()
            .into_iter()
            .map(|(fold, _)| fold)
            .collect();
        assert_eq!(found, [2, 10]);
        assert!(
            fold_runs(&set.join("fold-2")).unwrap().is_empty(),
            "a run has no folds"
        );
        assert!(fold_runs(&set.join("none")).unwrap().is_empty());
    }
}
