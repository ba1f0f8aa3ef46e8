//! The trials of a search: a folder per trial with its result in `trial.json`, and `trials.json` for all of them.

use crate::benchmark::median;
use earmark_core::atomic::{self, WriteError};
use earmark_inference::{Event, Observer, PipelineError};
use earmark_runs::run_dir::write_json;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of both files.
const FORMAT: u32 = 1;

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
}

/// All trials of a search so far.
#[derive(Clone, Debug, Serialize)]
pub struct Trials {
    /// Version of this layout.
    pub format: u32,
    /// The metric that trials are compared by.
    pub metric: &'static str,
    /// The clips that it is computed on, in words.
    #[serde(rename = "judged_by")]
    pub compared_by: String,
    /// The planned number of trials.
    pub planned: usize,
    /// Folder of the best one.
    pub best: Option<String>,
    /// The trials.
    pub trials: Vec<Trial>,
    /// For stacking, the score of the search itself; see [`NestedResult`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<NestedResult>,
}

/// The nested score of a search: each fold is scored by the setting that was best on the validation clips of that fold's own training,
/// none of which is a test clip there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NestedResult {
    /// Fold and number of the trial that its validation chose.
    pub chosen: Vec<(u32, usize)>,
    /// The metric on the test clips of all folds, each scored by the chosen trial.
    #[serde(rename = "judged")]
    pub test_score: Option<f64>,
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
        }
    }

    /// Writes `trial.json` into its folder.
    pub fn write(&self, search: &Path) -> Result<(), PipelineError> {
        let folder = search.join(&self.folder);
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(&folder, e))?;
        Ok(write_json(&path(&folder), self)?)
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
        let trial: Self = serde_json::from_str(&text).map_err(|e| bad(&path, &e))?;
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

impl Trials {
    /// A search without trials yet.
    pub fn new(metric: &'static str, compared_by: String, planned: usize) -> Self {
        Self {
            format: FORMAT,
            metric,
            compared_by,
            planned,
            best: None,
            trials: Vec::new(),
            nested: None,
        }
    }

    /// Adds one and writes `trials.json`; true if it is the best so far.
    pub fn add(&mut self, trial: Trial, search: &Path) -> Result<bool, PipelineError> {
        let before = self.best_trial().map(|t| t.number);
        self.trials.push(trial);
        let best = self.best_trial().map(|t| (t.number, t.folder.clone()));
        let new = best.as_ref().map(|b| b.0) != before;
        self.best = best.map(|b| b.1);
        self.write(search)?;
        Ok(new)
    }

    /// Writes `trials.json`.
    pub fn write(&self, search: &Path) -> Result<(), PipelineError> {
        Ok(write_json(&search.join("trials.json"), self)?)
    }

    /// Runs the trials of `settings` that have not ended yet and adds all; `None` when stopped. `run` gives the ended trial of an index,
    /// after those that are passed to it, and `toml` its recipe: the best one is kept as `best.toml`.
    pub(super) fn run(
        mut self,
        search: &Path,
        settings: &[Vec<String>],
        observer: Observer,
        toml: impl Fn(usize) -> String,
        mut run: impl FnMut(usize, &[Trial]) -> Result<Option<Trial>, PipelineError>,
    ) -> Result<Option<Self>, PipelineError> {
        let note = |text: String| observer(Event::Note(text));
        for (index, setting) in settings.iter().enumerate() {
            let number = index + 1;
            note(format!(
                "trial {number} of {}: {}",
                settings.len(),
                setting.join(" ")
            ));
            let trial = match Trial::read(search, number, setting)? {
                Some(before) => {
                    note(format!("trial {number} has already ended"));
                    before
                }
                None => {
                    let Some(trial) = run(index, &self.trials)? else {
                        return Ok(None);
                    };
                    trial.write(search)?;
                    trial
                }
            };
            if self.add(trial, search)? {
                let toml = toml(index);
                atomic::write(&search.join("best.toml"), |w| w.write_all(toml.as_bytes()))?;
            }
        }
        Ok(Some(self))
    }

    /// The finished trial with the highest score, the first of equals.
    pub fn best_trial(&self) -> Option<&Trial> {
        let done = self.trials.iter().filter(|t| t.state == TrialState::Done);
        done.filter(|t| t.score.is_some_and(f64::is_finite))
            .reduce(|a, b| if b.score > a.score { b } else { a })
    }
}

/// Whether a trial's best validation so far is below the median of those of earlier trials at the same step: the median stopping rule of
/// Golovin et al. (2017, "Google Vizier"). It needs at least three earlier trials.
pub fn is_hopeless(before: &[Vec<(f64, f64)>], step: f64, best: f64) -> bool {
    let best_then = |curve: &Vec<(f64, f64)>| {
        let until = curve.iter().filter(|(s, v)| *s <= step && v.is_finite());
        until.map(|(_, v)| *v).reduce(f64::max)
    };
    let then: Vec<f64> = before.iter().filter_map(best_then).collect();
    then.len() >= 3 && best < median(then)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(number: usize, scores: &[f64], state: TrialState) -> Trial {
        Trial::new(number, &[format!("a={number}")], state, scores.to_vec())
    }

    #[test]
    fn the_best_is_the_first_of_the_highest_finished_trials() {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Trials::new("lwlrap", "validation".into(), 5);
        let failed = TrialState::Failed { reason: "x".into() };
        let given = [
            trial(1, &[], failed),
            trial(2, &[0.5, 0.7], TrialState::Done),
            trial(3, &[0.9], TrialState::Abandoned { step: 5 }),
            trial(4, &[0.6], TrialState::Done),
            trial(5, &[0.8], TrialState::Done),
        ];
        let new: Vec<bool> = given
            .into_iter()
            .map(|t| all.add(t, dir.path()).unwrap())
            .collect();
        assert_eq!(new, [false, true, false, false, true]);
        assert_eq!(all.best.as_deref(), Some("trial-005"));
        assert_eq!(all.trials[1].score, Some(0.6));
    }

    #[test]
    fn a_trial_is_resumed_with_its_own_settings_only() {
        let dir = tempfile::tempdir().unwrap();
        let t = trial(1, &[0.5], TrialState::Done);
        assert_eq!(Trial::read(dir.path(), 1, &t.settings).unwrap(), None);
        t.write(dir.path()).unwrap();
        assert_eq!(Trial::read(dir.path(), 1, &t.settings).unwrap(), Some(t.clone()));
        let error = Trial::read(dir.path(), 1, &["a=2".into()])
            .unwrap_err()
            .to_string();
        assert!(error.contains("tried a=1 and not a=2"), "{error}");
    }

    #[test]
    fn half_of_three_or_more_decide() {
        let curve = |values: [f64; 2]| vec![(10.0, values[0]), (20.0, values[1])];
        let before = [[0.3, 0.9], [0.5, 0.4], [0.7, 0.8]].map(curve);
        assert!(is_hopeless(&before, 10.0, 0.4), "median 0.5 at step 10");
        assert!(!is_hopeless(&before, 10.0, 0.5));
        // By step 20 the best so far are 0.9, 0.5 and 0.8.
        assert!(is_hopeless(&before, 20.0, 0.79) && !is_hopeless(&before, 20.0, 0.81));
        assert!(!is_hopeless(&before[..2], 10.0, 0.0), "two are too few");
        assert!(!is_hopeless(&before, 5.0, 0.0), "no curve reaches back to step 5");
    }
}
