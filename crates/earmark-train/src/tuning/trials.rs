//! The trials of a search: run one after the other, listed in `trials.json`, the recipe of the best one in `best.toml`.

use super::trial::{FORMAT, Trial, TrialState};
use crate::benchmark::median;
use crate::training::add_damaged;
use earmark_core::atomic;
use earmark_inference::shards::Shard;
use earmark_inference::{Event, Observer, PipelineError, Skips};
use earmark_runs::run_dir::{RunLog, write_sealed_json};
use serde::Serialize;
use std::path::Path;

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
    /// Why the score of the best trial is too high.
    pub optimistic: &'static str,
    /// The planned number of trials.
    pub planned: usize,
    /// Folder of the best one.
    pub best: Option<String>,
    /// The trials.
    pub trials: Vec<Trial>,
    /// Clips that were left out of some trial, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Skips,
    /// Clips that some trial used though a part of them is missing, each once, with what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged: Skips,
    /// For stacking, the score of the search itself; see [`NestedResult`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<NestedResult>,
}

/// The nested score of a search: each fold is scored by the setting that was best on the validation clips of that
/// fold's own training, none of which is a test clip there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NestedResult {
    /// Fold and number of the trial that its validation chose.
    pub chosen: Vec<(u32, usize)>,
    /// The metric on the test clips of all folds, each scored by the chosen trial.
    #[serde(rename = "judged")]
    pub test_score: Option<f64>,
}

/// What is tried, and where.
pub(super) struct SearchedTrials<'a> {
    /// The folder of the search.
    pub folder: &'a Path,
    /// The settings of each trial.
    pub settings: &'a [Vec<String>],
    /// The trials of this process; all, if it is not one of several.
    pub shard: Option<Shard>,
}

/// Why the score of the best of several trials is too high.
const OPTIMISTIC: &str =
    "the clips that the scores are of chose the best trial; evaluate it on other clips, such as a test fold";

impl Trials {
    /// A search without trials yet.
    pub fn new(metric: &'static str, compared_by: String, planned: usize) -> Self {
        Self {
            format: FORMAT,
            metric,
            compared_by,
            optimistic: OPTIMISTIC,
            planned,
            best: None,
            trials: Vec::new(),
            skipped: Skips::new(),
            damaged: Skips::new(),
            nested: None,
        }
    }

    /// Adds one; true if it is the best so far.
    pub fn add(&mut self, trial: Trial) -> bool {
        let before = self.best_trial().map(|t| t.number);
        for skip in &trial.skipped {
            if !self.skipped.contains(skip) {
                self.skipped.push(skip.clone());
            }
        }
        add_damaged(&mut self.damaged, trial.damaged.clone());
        self.trials.push(trial);
        let best = self.best_trial().map(|t| (t.number, t.folder.clone()));
        let new = best.as_ref().map(|b| b.0) != before;
        self.best = best.map(|b| b.1);
        new
    }

    /// Writes `trials.json`.
    pub fn write(&self, search: &Path) -> Result<(), PipelineError> {
        Ok(write_sealed_json(&search.join("trials.json"), self)?)
    }

    /// Runs the trials that have not ended yet and adds all; `None` when stopped. `run` gives the ended trial of an
    /// index, after those that are passed to it, and `toml` its recipe: the best one is kept as `best.toml`. A shard
    /// writes nothing but its own trials.
    pub(super) fn run(
        mut self,
        search: &SearchedTrials,
        observer: Observer,
        toml: impl Fn(usize) -> String,
        mut run: impl FnMut(usize, &[Trial]) -> Result<Option<Trial>, PipelineError>,
    ) -> Result<Option<Self>, PipelineError> {
        let (folder, is_whole) = (search.folder, search.shard.is_none());
        let log = is_whole.then(|| RunLog::open(folder)).transpose()?;
        let note = |text: String| {
            if let Some(log) = &log {
                log.line(&text);
            }
            observer(Event::Note(text));
        };
        let is_wanted = |index: usize| search.shard.is_none_or(|shard| shard.has_nth(index));
        let settings = search.settings.iter().enumerate();
        for (index, setting) in settings.filter(|(index, _)| is_wanted(*index)) {
            let number = index + 1;
            note(format!(
                "trial {number} of {}: {}",
                search.settings.len(),
                setting.join(" ")
            ));
            let trial = match Trial::read(folder, number, setting)? {
                Some(before) => {
                    note(format!("trial {number} has already ended"));
                    for (file, reason) in &before.skipped {
                        observer(Event::Skipped { file, reason });
                    }
                    for (file, what) in &before.damaged {
                        observer(Event::Damaged { file, what });
                    }
                    before
                }
                None => {
                    let Some(trial) = run(index, &self.trials)? else {
                        return Ok(None);
                    };
                    trial.write(folder)?;
                    trial
                }
            };
            if let Some(reason) = trial.failure() {
                note(format!("trial {number} failed and is passed over: {reason}"));
            }
            let is_best = self.add(trial);
            if is_whole {
                self.write(folder)?;
            }
            if is_whole && is_best {
                let toml = toml(index);
                atomic::write(&folder.join("best.toml"), |w| w.write_all(toml.as_bytes()))?;
            }
        }
        Ok(Some(self))
    }

    /// The trials that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.failure().is_some())
    }

    /// The finished trial with the highest score, the first of equals.
    pub fn best_trial(&self) -> Option<&Trial> {
        let done = self.trials.iter().filter(|t| t.state == TrialState::Done);
        done.filter(|t| t.score.is_some_and(f64::is_finite))
            .reduce(|a, b| if b.score > a.score { b } else { a })
    }
}

/// Whether a trial's best validation so far is below the median of those of earlier trials at the same step: the median
/// stopping rule of Golovin et al. (2017, "Google Vizier"). It needs at least three earlier trials.
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
        let mut all = Trials::new("lwlrap", "validation".into(), 5);
        let failed = TrialState::Failed { reason: "x".into() };
        let given = [
            trial(1, &[], failed),
            trial(2, &[0.5, 0.7], TrialState::Done),
            trial(3, &[0.9], TrialState::Abandoned { step: 5 }),
            trial(4, &[0.6], TrialState::Done),
            trial(5, &[0.8], TrialState::Done),
        ];
        let new: Vec<bool> = given.into_iter().map(|t| all.add(t)).collect();
        assert_eq!(new, [false, true, false, false, true]);
        assert_eq!(all.best.as_deref(), Some("trial-005"));
        assert_eq!(all.trials[1].score, Some(0.6));
    }

    #[test]
    fn clips_left_out_of_several_trials_count_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Trials::new("lwlrap", "validation".into(), 3);
        let skip = |file: &str| (file.to_owned(), "is empty".to_owned());
        for (number, files) in [(1, vec!["a"]), (2, vec!["a", "b"]), (3, vec![])] {
            let skipped = files.iter().map(|file| skip(file)).collect();
            let trial = Trial {
                skipped,
                ..trial(number, &[0.5], TrialState::Done)
            };
            trial.write(dir.path()).unwrap();
            // What a resumed search reads is what it wrote.
            let read = Trial::read(dir.path(), number, &trial.settings).unwrap().unwrap();
            assert_eq!(read, trial);
            all.add(read);
        }
        assert_eq!(all.skipped, [skip("a"), skip("b")]);
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
