//! The trials of a search: a folder each, what came of it in `trial.json`, all together in `trials.json`.

use earmark_core::atomic;
use earmark_inference::PipelineError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of both files.
const FORMAT: u32 = 1;

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TrialState {
    /// To its end.
    Done,
    /// Early, being worse than half of those before.
    Abandoned {
        /// At which step.
        step: u64,
    },
    /// Not at all.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One setting, tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Version of this layout.
    pub format: u32,
    /// Which one, from 1.
    pub number: usize,
    /// Its folder below that of the search.
    pub folder: String,
    /// The recipe's keys that it sets.
    pub settings: Vec<String>,
    /// How it ended.
    pub state: TrialState,
    /// What it is compared by: the mean of `scores`.
    pub score: Option<f64>,
    /// The best validation of each of its trainings.
    pub scores: Vec<f64>,
    /// For the second level, the same metric over the judged clips of all folds, which chose nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<f64>,
}

/// All trials of a search so far.
#[derive(Clone, Debug, Serialize)]
pub struct Trials {
    /// Version of this layout.
    pub format: u32,
    /// What is compared.
    pub metric: &'static str,
    /// Where it is computed.
    pub judged_by: String,
    /// How many there will be.
    pub planned: usize,
    /// Folder of the best one.
    pub best: Option<String>,
    /// The trials.
    pub trials: Vec<Trial>,
    /// For the second level, what the search itself is worth; see [`Nested`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<Nested>,
}

/// The score of a search as a whole: for each fold the setting that was best on the validation clips of that fold's own training,
/// none of which is judged there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nested {
    /// Fold and number of the trial that its validation chose.
    pub chosen: Vec<(u32, usize)>,
    /// The metric over the judged clips of all folds, each scored by the chosen trial.
    pub judged: Option<f64>,
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
            judged: None,
        }
    }

    /// Writes `trial.json` into its folder.
    pub fn write(&self, search: &Path) -> Result<(), PipelineError> {
        let folder = search.join(&self.folder);
        std::fs::create_dir_all(&folder).map_err(|e| atomic::WriteError::new(&folder, e))?;
        write_json(&path(&folder), self)
    }

    /// The trial that has ended in a folder before; `None` where none has.
    ///
    /// # Errors
    /// A broken file, or other settings than `settings`.
    pub fn read(search: &Path, number: usize, settings: &[String]) -> Result<Option<Self>, PipelineError> {
        let path = path(&search.join(folder_of(number)));
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| bad(&path, &e))?,
        };
        let trial: Self = serde_json::from_str(&text).map_err(|e| bad(&path, &e))?;
        if trial.settings != settings {
            return Err(PipelineError::Request(format!(
                "{}: tried {} and not {}; a search goes on with the space and the seed that it began with, or begins in another folder",
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
        "{}: cannot be read: {why}; remove it, and the trial is made again",
        path.display()
    ))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), PipelineError> {
    Ok(atomic::write(path, |w| {
        serde_json::to_writer_pretty(&mut *w, value)?;
        w.write_all(b"\n")
    })?)
}

impl Trials {
    /// None so far.
    pub fn new(metric: &'static str, judged_by: String, planned: usize) -> Self {
        Self {
            format: FORMAT,
            metric,
            judged_by,
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
        write_json(&search.join("trials.json"), self)
    }

    /// The one of the highest score that went to its end, the first of equals.
    pub fn best_trial(&self) -> Option<&Trial> {
        let done = self.trials.iter().filter(|t| t.state == TrialState::Done);
        done.filter(|t| t.score.is_some_and(f64::is_finite))
            .reduce(|a, b| if b.score > a.score { b } else { a })
    }
}

/// Whether a trial with these validations so far is worse than half of those before were at the same step: the median rule of
/// Golovin et al. (2017, "Google Vizier"), by the best value so far. It needs three trials to compare with.
pub fn is_hopeless(before: &[Vec<(f64, f64)>], step: f64, best: f64) -> bool {
    let mut then: Vec<f64> = before
        .iter()
        .filter_map(|curve| {
            let until = curve.iter().filter(|(s, v)| *s <= step && v.is_finite());
            until.map(|(_, v)| *v).reduce(f64::max)
        })
        .collect();
    if then.len() < 3 {
        return false;
    }
    then.sort_unstable_by(f64::total_cmp);
    let n = then.len();
    let median = if n.is_multiple_of(2) {
        f64::midpoint(then[n / 2 - 1], then[n / 2])
    } else {
        then[n / 2]
    };
    best < median
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(number: usize, scores: &[f64], state: TrialState) -> Trial {
        Trial::new(number, &[format!("a={number}")], state, scores.to_vec())
    }

    #[test]
    fn the_best_is_the_first_of_the_highest_that_went_to_its_end() {
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
    fn a_trial_goes_on_with_its_own_settings_alone() {
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
        assert!(!is_hopeless(&before, 5.0, 0.0), "nothing is known of step 5");
    }
}
