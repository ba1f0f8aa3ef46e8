//! A fit that has not ended: what is there of it.

use super::work::SETTINGS;
use earmark_runs::run_dir::{RunLock, fold_runs};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The file that the results of a fit are written to at its end.
pub(super) const RESULTS: &str = "fit.json";

/// How far a fit is that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnfinishedFit {
    /// Whether a process is at work on it.
    pub is_running: bool,
    /// The ways that have finished, sorted by name.
    pub finished: Vec<String>,
    /// The runs of its trainings, sorted by path.
    pub runs: Vec<PathBuf>,
}

impl UnfinishedFit {
    /// The fit of a folder of work; `None` for another folder, and for a fit that has ended.
    pub fn of(work: &Path) -> Option<Self> {
        let is_running = RunLock::is_held(work);
        // At its begin, there is nothing but the lock.
        let has_its_name = work.extension().is_some_and(|ending| ending == "fit");
        let is_fit = work.join(SETTINGS).is_file() || is_running && has_its_name;
        if !is_fit || work.join(RESULTS).is_file() {
            return None;
        }
        let entries = std::fs::read_dir(work).ok()?.flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let finished = paths.iter().filter_map(|path| {
            let way = path.file_name()?.to_str()?.strip_suffix("-out-of-fold.csv")?;
            let is_finished = work.join(format!("{way}.json")).is_file();
            is_finished.then(|| way.to_owned())
        });
        let folders = paths.iter().filter(|path| path.is_dir());
        let runs = folders.flat_map(|folder| match folder.join("run.json").is_file() {
            true => vec![folder.clone()],
            false => {
                let folds = fold_runs(folder).unwrap_or_default().into_iter();
                folds.map(|(_, run)| run).collect()
            }
        });
        Some(Self {
            is_running,
            finished: finished.collect(),
            runs: runs.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_of_a_fit_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let work = dir.path().join("m.safetensors.fit");
        assert_eq!(UnfinishedFit::of(&work), None);
        let write = |name: &str| {
            let path = work.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        };
        let lock = RunLock::take(&work).unwrap();
        let begun = UnfinishedFit::of(&work).unwrap();
        assert!(begun.is_running && begun.finished.is_empty() && begun.runs.is_empty());
        drop(lock);
        for name in [
            SETTINGS,
            "probe.json",
            "probe-out-of-fold.csv",
            // Its scores are written, and that it has finished is not.
            "fine-tune-out-of-fold.csv",
            "fine-tune/fold-2/run.json",
            "fine-tune/fold-1/run.json",
            "fine-tune-speed/run.json",
        ] {
            write(name);
        }
        let found = UnfinishedFit::of(&work).unwrap();
        assert!(!found.is_running);
        assert_eq!(found.finished, ["probe"]);
        let runs = ["fine-tune/fold-1", "fine-tune/fold-2", "fine-tune-speed"];
        assert_eq!(found.runs, runs.map(|run| work.join(run)));
        write(RESULTS);
        assert_eq!(UnfinishedFit::of(&work), None, "it has ended");
    }
}
