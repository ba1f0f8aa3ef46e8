//! One trial of a search, with its result in `trial.json` of its folder.

use earmark_core::atomic::WriteError;
use earmark_inference::{PipelineError, Skips};
use earmark_runs::run_dir::{parse_sealed_json, write_sealed_json};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of `trial.json` and `trials.json`.
pub(super) const FORMAT: u32 = 1;

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TrialState {
    /// It was trained to the end.
    Done,
    /// It was stopped early, being worse than the median of earlier trials.
    Abandoned {
        /// At which step.
        step: u64,
    },
    /// Its training failed.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A setting that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Version of this layout.
    pub format: u32,
    /// Its number, from 1.
    pub number: usize,
    /// Its folder below that of the search.
    pub folder: String,
    /// The keys of the recipe that it sets, as `KEY=VALUE`.
    pub settings: Vec<String>,
    /// How it ended.
    pub state: TrialState,
    /// The mean of `scores`, which trials are compared by.
    pub score: Option<f64>,
    /// The best validation of each of its trainings.
    pub scores: Vec<f64>,
    /// For stacking, the same metric on the test clips of all folds, which do not choose settings.
    #[serde(default, rename = "judged", skip_serializing_if = "Option::is_none")]
    pub test_score: Option<f64>,
    /// Clips that were left out of its trainings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Skips,
    /// Clips that its trainings used though a part of them is missing, with what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Skips,
}

/// Name of a trial's folder.
pub fn folder_of(number: usize) -> String {
    format!("trial-{number:03}")
}

fn path(folder: &Path) -> PathBuf {
    folder.join("trial.json")
}

impl Trial {
    /// A trial that ended; `scores` of its trainings.
    pub fn new(number: usize, settings: &[String], state: TrialState, scores: Vec<f64>) -> Self {
        let n = scores.len() as f64;
        Self {
            format: FORMAT,
            number,
            folder: folder_of(number),
            settings: settings.to_vec(),
            score: (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / n),
            state,
            scores,
            test_score: None,
            skipped: Skips::new(),
            damaged: Skips::new(),
        }
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            TrialState::Failed { reason } => Some(reason),
            TrialState::Done | TrialState::Abandoned { .. } => None,
        }
    }

    /// Writes `trial.json` into its folder.
    pub fn write(&self, search: &Path) -> Result<(), PipelineError> {
        let folder = search.join(&self.folder);
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(&folder, e))?;
        Ok(write_sealed_json(&path(&folder), self)?)
    }

    /// The ended trial in a folder, if there is one.
    ///
    /// # Errors
    /// A broken file, or settings other than `settings`.
    pub fn read(search: &Path, number: usize, settings: &[String]) -> Result<Option<Self>, PipelineError> {
        let path = path(&search.join(folder_of(number)));
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| bad(&path, &e))?,
        };
        let trial = parse_sealed_json(&text).map_err(|e| bad(&path, &e))?;
        let trial: Self = serde_json::from_value(trial).map_err(|e| bad(&path, &e))?;
        if trial.settings != settings {
            return Err(PipelineError::Request(format!(
                "{}: tried {} and not {}; resume a search with its own search space and seed, or start one in another folder",
                path.display(),
                trial.settings.join(" "),
                settings.join(" ")
            )));
        }
        Ok(Some(trial))
    }
}

fn bad(path: &Path, why: &dyn std::fmt::Display) -> PipelineError {
    PipelineError::Request(format!(
        "{}: cannot be read: {why}; remove it to run the trial again",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_resumed_with_its_own_settings_only() {
        let dir = tempfile::tempdir().unwrap();
        let t = Trial::new(1, &["a=1".into()], TrialState::Done, vec![0.5]);
        assert_eq!(Trial::read(dir.path(), 1, &t.settings).unwrap(), None);
        t.write(dir.path()).unwrap();
        assert_eq!(Trial::read(dir.path(), 1, &t.settings).unwrap(), Some(t.clone()));
        let error = Trial::read(dir.path(), 1, &["a=2".into()])
            .unwrap_err()
            .to_string();
        assert!(error.contains("tried a=1 and not a=2"), "{error}");
        let file = path(&dir.path().join(&t.folder));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("0.5", "0.7")).unwrap();
        let error = Trial::read(dir.path(), 1, &t.settings).unwrap_err().to_string();
        assert!(
            error.contains("its checksum differs") && error.contains("remove it to run"),
            "{error}"
        );
    }
}
