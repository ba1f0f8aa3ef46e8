//! A search for settings in the experiment log, from its `trials.json`.

use super::run_status::{RunState, RunStatus};
use crate::run_dir::{RunError, parse_sealed_json};
use earmark_core::human::human_amount;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Folders of a trial are no deeper than this below that of the search: `trial-001/inner-1`, `trial-001/fold-1`.
const DEPTH: usize = 2;

/// The trials of a search.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SearchSummary {
    /// How many have ended.
    pub trials: usize,
    /// How many are planned.
    pub planned: usize,
    /// How many failed.
    pub failed: usize,
    /// Folder of the best one.
    pub best: Option<String>,
    /// The metric that they are compared by.
    pub metric: String,
    /// Its value for the best one, on the clips that chose it.
    pub score: Option<f64>,
}

/// The list of trials of a search.
pub(super) fn trials_path(search: &Path) -> PathBuf {
    search.join("trials.json")
}

impl SearchSummary {
    /// Reads `trials.json` of a search.
    pub(super) fn read(search: &Path) -> Result<Self, RunError> {
        let path = trials_path(search);
        let text = std::fs::read_to_string(&path).map_err(|e| RunError::read(&path, e))?;
        let list = parse_sealed_json(&text).map_err(|message| RunError::Trials { path, message })?;
        let trials: &[Value] = list["trials"].as_array().map_or(&[], Vec::as_slice);
        let best = list["best"].as_str();
        let best_trial = trials
            .iter()
            .find(|trial| best.is_some() && trial["folder"].as_str() == best);
        Ok(Self {
            trials: trials.len(),
            planned: list["planned"].as_u64().unwrap_or_default() as usize,
            failed: trials
                .iter()
                .filter(|trial| trial["state"]["kind"] == "failed")
                .count(),
            best: best.map(str::to_owned),
            metric: list["metric"].as_str().unwrap_or_default().to_owned(),
            score: best_trial.and_then(|trial| trial["score"].as_f64()),
        })
    }

    /// A run of the search: of its best trial, or else the first one that there is.
    pub(super) fn first_run(&self, search: &Path) -> Option<PathBuf> {
        let of_best = self
            .best
            .as_ref()
            .and_then(|best| first_run_in(&search.join(best), DEPTH));
        of_best.or_else(|| first_run_in(search, DEPTH))
    }

    /// How far it has got, counted in trials.
    pub(super) fn status(&self, search: &Path) -> RunStatus {
        let (step, total) = (self.trials as u64, Some(self.planned as u64));
        let state = match RunStatus::of(search, step, total).state {
            RunState::Running => RunState::Running,
            _ if self.trials >= self.planned => RunState::Finished,
            _ => RunState::Interrupted,
        };
        RunStatus { state, step, total }
    }

    /// The same in words, for a table.
    pub(super) fn describe(&self) -> String {
        let trials = human_amount(self.trials, "trial", "trials");
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let best = self
            .best
            .as_ref()
            .map_or(String::new(), |best| format!("; best {best}"));
        format!("search of {trials}{failed}{best}")
    }
}

/// The first run in a folder or below it.
fn first_run_in(folder: &Path, depth: usize) -> Option<PathBuf> {
    if folder.join("run.json").is_file() {
        return Some(folder.into());
    }
    let entries = std::fs::read_dir(folder).ok().filter(|_| depth > 0)?;
    let mut below: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    below.sort();
    below.iter().find_map(|path| first_run_in(path, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::write_sealed_json;
    use serde_json::json;

    #[test]
    fn a_search_is_summed_up() {
        let dir = tempfile::tempdir().unwrap();
        let list = json!({ "metric": "lwlrap", "planned": 3, "best": "trial-002", "trials": [
            { "folder": "trial-001", "state": { "kind": "failed", "reason": "x" }, "score": null },
            { "folder": "trial-002", "state": { "kind": "done" }, "score": 0.75 }
        ] });
        std::fs::write(trials_path(dir.path()), list.to_string()).unwrap();
        let found = SearchSummary::read(dir.path()).unwrap();
        assert_eq!((found.trials, found.planned, found.failed), (2, 3, 1));
        assert_eq!((found.metric.as_str(), found.score), ("lwlrap", Some(0.75)));
        assert_eq!(found.describe(), "search of 2 trials, 1 failed; best trial-002");
        assert_eq!(found.status(dir.path()).to_string(), "interrupted at 2 of 3");
        assert_eq!(found.first_run(dir.path()), None);
        let inner = dir.path().join("trial-002/inner-1");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("run.json"), "{}").unwrap();
        assert_eq!(found.first_run(dir.path()), Some(inner));
        std::fs::write(trials_path(dir.path()), "{").unwrap();
        assert!(SearchSummary::read(dir.path()).is_err());
        write_sealed_json(&trials_path(dir.path()), &list).unwrap();
        assert_eq!(SearchSummary::read(dir.path()).unwrap(), found);
        let text = std::fs::read_to_string(trials_path(dir.path())).unwrap();
        std::fs::write(trials_path(dir.path()), text.replace("0.75", "0.77")).unwrap();
        let refused = SearchSummary::read(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains("trials.json: cannot be read: its checksum differs")
                && refused.ends_with("the search with --resume writes it again"),
            "{refused}"
        );
    }
}
