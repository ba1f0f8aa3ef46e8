//! One run or cross-validation run in the experiment log.

use super::evaluations::{StepEvaluation, evaluation_of_used, step_evaluations};
use super::history::{TrainingHistory, highest};
use super::run_status::{RunState, RunStatus};
use super::search::SearchSummary;
use super::small_curve::small_curve;
use super::sort_by::SortBy;
use crate::run_dir::{RunDir, RunError, fold_run, folds_path, parse_at};
use crate::used_model::UsedModel;
use crate::warnings::Remedies;
use earmark_engine::ValidationMetric;
use earmark_recipe::AnyRecipe;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The best validation of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestValidation {
    /// The metric that the run is validated by.
    pub metric: &'static str,
    /// Its value.
    pub score: f64,
    /// At which step.
    pub step: u64,
}

/// The evaluated checkpoints of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluatedSteps {
    /// How many.
    pub count: usize,
    /// That of the model that `predict` and `tag` use; the last where that has not been evaluated.
    pub best: StepEvaluation,
    /// What chose the best one; empty for a cross-validation run, whose folds each have their own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub chosen: String,
    /// The last.
    pub last: StepEvaluation,
}

/// The folds of a cross-validation run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossValidationSummary {
    /// How many there are.
    pub count: usize,
    /// Mean and standard deviation of each metric over them.
    pub metrics: Value,
}

/// A run, a cross-validation run or a search.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunEntry {
    /// Where it is.
    pub run: PathBuf,
    /// Its path below the folder that was searched.
    pub name: String,
    /// Its recipe.
    pub recipe: String,
    /// When it started, RFC 3339.
    pub started: String,
    /// Its state and steps.
    #[serde(flatten)]
    pub status: RunStatus,
    /// The test fold.
    pub fold: Option<u32>,
    /// For a cross-validation run, which is evaluated on the clips of all folds: its folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<CrossValidationSummary>,
    /// For a search: its trials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchSummary>,
    /// Whether its scores are of clips that it was trained on or chosen by. Why is said with its evaluated scores.
    pub optimistic: bool,
    /// What is bad about its results or its training, and what to do about it.
    pub warnings: Vec<String>,
    /// Its best validation.
    pub validation: Option<BestValidation>,
    /// Its evaluated checkpoints.
    #[serde(rename = "judged")]
    pub evaluated: Option<EvaluatedSteps>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// The loss in a few dozen values.
    #[serde(skip)]
    pub loss: Vec<Option<f64>>,
}

impl RunEntry {
    /// Reads a run. Its results are those of the model that `predict` and `tag` use, whatever it is sorted by.
    pub(super) fn read(path: &Path, below: &Path) -> Result<Self, RunError> {
        let run = RunDir::open_any(path)?;
        let history = TrainingHistory::read(path);
        let metric = run.recipe.validation().metric;
        let best = |(step, score)| BestValidation {
            metric: metric.name(),
            score,
            step,
        };
        let (mut evaluated, more) = step_evaluations(&run.eval());
        for evaluation in &mut evaluated {
            leave_out_classes(&mut evaluation.report);
        }
        let used = UsedModel::of(&run, metric);
        let shown = evaluation_of_used(&evaluated, used.as_ref());
        let evaluated = evaluated
            .last()
            .zip(shown)
            .map(|(last, (best, chosen))| EvaluatedSteps {
                count: evaluated.len(),
                best: best.clone(),
                chosen,
                last: last.clone(),
            });
        let status = RunStatus::of(path, history.step, run.steps());
        let best_step = evaluated.as_ref().map(|e| &e.best);
        let warnings = history.run_warnings(
            run.recipe.train(),
            &status.state,
            best_step,
            Remedies::of_run(&run),
        );
        let is_optimistic = |e: &EvaluatedSteps| e.best.optimistic_note().is_some();
        Ok(Self {
            fold: run.info.data.fold,
            optimistic: run.info.optimistic || evaluated.as_ref().is_some_and(is_optimistic),
            warnings: warnings.iter().map(ToString::to_string).collect(),
            validation: highest(history.validation_of(metric)).map(best),
            evaluated,
            status,
            problems: [history.problems, more].concat(),
            loss: small_curve(&history.loss),
            ..Self::of(run, path, below)
        })
    }

    /// Reads a cross-validation run whose `folds.json` is written.
    pub(super) fn read_cross_validation(path: &Path, below: &Path) -> Result<Self, RunError> {
        let file = folds_path(path);
        let bad = |message: String| RunError::Info {
            path: file.clone(),
            message,
        };
        let text = std::fs::read_to_string(&file).map_err(|e| RunError::read(&file, e))?;
        let mut report = parse_at(&file, &text)?;
        let Some(folds) = report["folds"].as_array().filter(|folds| !folds.is_empty()) else {
            return Err(bad("it lists no folds".into()));
        };
        let (count, first) = (folds.len(), folds[0]["fold"].as_u64().unwrap_or(0) as u32);
        let step = folds.iter().filter_map(|f| f["step"].as_u64()).max().unwrap_or(0);
        let warnings = report["warnings"].as_array().into_iter().flatten();
        let warnings = warnings.filter_map(Value::as_str).map(str::to_owned).collect();
        let mut pooled = report["pooled"].take();
        leave_out_classes(&mut pooled);
        let evaluation = StepEvaluation { step, report: pooled };
        Ok(Self {
            status: RunStatus {
                state: RunState::Finished,
                step,
                total: None,
            },
            optimistic: report["optimistic"].as_bool().unwrap_or(false),
            warnings,
            evaluated: Some(EvaluatedSteps {
                count,
                best: evaluation.clone(),
                chosen: String::new(),
                last: evaluation,
            }),
            folds: Some(CrossValidationSummary {
                count,
                metrics: report["metrics"].take(),
            }),
            ..Self::of(RunDir::open_any(&fold_run(path, first))?, path, below)
        })
    }

    /// Reads a search.
    pub(super) fn read_search(path: &Path, below: &Path) -> Result<Self, RunError> {
        let search = SearchSummary::read(path)?;
        let entry = match search.first_run(path) {
            Some(run) => Self::of(RunDir::open_any(&run)?, path, below),
            // No trial got as far as a run directory.
            None => Self::named(path, below),
        };
        Ok(Self {
            status: search.status(path),
            search: Some(search),
            ..entry
        })
    }

    /// The entry in `path` of a run, or of a cross-validation run or search whose first one this is; without state and results.
    fn of(run: RunDir<AnyRecipe>, path: &Path, below: &Path) -> Self {
        Self {
            recipe: run.recipe.name().to_owned(),
            started: run.info.started,
            ..Self::named(path, below)
        }
    }

    /// An entry with nothing but its path and name: the path below the folder that was searched; the whole path if it is that folder.
    fn named(path: &Path, below: &Path) -> Self {
        let name = path.strip_prefix(below).unwrap_or(path);
        let name = if name.as_os_str().is_empty() { path } else { name };
        Self {
            name: name.display().to_string(),
            run: path.into(),
            ..Self::default()
        }
    }

    /// The best score on validation clips: of its training, or of the best trial of a search.
    pub fn validation_score(&self) -> Option<f64> {
        let of_search = || self.search.as_ref().and_then(|search| search.score);
        self.validation.as_ref().map(|v| v.score).or_else(of_search)
    }

    /// The value of a metric by the model that `predict` and `tag` use.
    pub fn value(&self, metric: ValidationMetric) -> Option<f64> {
        self.evaluated.as_ref().and_then(|e| e.best.value(metric))
    }

    /// What to know before comparing it with others.
    pub fn note(&self) -> String {
        let mut notes = Vec::new();
        if let Some(folds) = &self.folds {
            let spread = &folds.metrics[ValidationMetric::Lwlrap.name()];
            let mut note = format!("all clips of {} folds", folds.count);
            if let (Some(mean), Some(deviation)) = (spread["mean"].as_f64(), spread["deviation"].as_f64()) {
                note.push_str(&format!(", mean lwlrap {mean:.4} ± {deviation:.4}"));
            }
            notes.push(note);
        }
        if let Some(evaluated) = self.evaluated.as_ref().filter(|_| self.folds.is_none()) {
            let of = match evaluated.count {
                1 => String::new(),
                count => format!(" of {count} evaluated checkpoints"),
            };
            notes.push(format!("step {}{of}: {}", evaluated.best.step, evaluated.chosen));
        }
        if let Some(search) = &self.search {
            notes.push(search.describe());
        }
        let why = self.evaluated.as_ref().and_then(|e| e.best.optimistic_note());
        let why = why.map(beginning).or_else(|| {
            self.optimistic
                .then_some("OPTIMISTIC: test clips drove its training")
        });
        notes.extend(why.map(str::to_owned));
        notes.extend(self.warnings.iter().map(|text| beginning(text).to_owned()));
        if let RunState::StoppedEarly { reason } = &self.status.state {
            notes.push(reason.clone());
        }
        notes.extend(self.problems.iter().cloned());
        notes.join("; ")
    }

    /// The value to sort by.
    pub(super) fn sort_value(&self, sort: SortBy) -> Option<f64> {
        match sort {
            SortBy::Metric(metric) => self.value(metric),
            SortBy::Validation => self.validation_score(),
            SortBy::Started => None,
        }
    }
}

/// A sentence up to its first colon or semicolon, for a table; `OPTIMISTIC: ...` up to the second.
fn beginning(sentence: &str) -> &str {
    let skip = sentence
        .find("OPTIMISTIC: ")
        .map_or(0, |at| at + "OPTIMISTIC: ".len());
    let end = sentence[skip..]
        .find([':', ';'])
        .map_or(sentence.len(), |at| skip + at);
    &sentence[..end]
}

/// A table of runs leaves out the results of every class; the run's report has them.
fn leave_out_classes(report: &mut Value) {
    report.as_object_mut().map(|r| r.remove("per_class"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_the_beginnings_of_sentences() {
        let sentence =
            "the training loss was still falling at the end: 1.2 over the last fifth; train longer";
        assert_eq!(
            beginning(sentence),
            "the training loss was still falling at the end"
        );
        let optimistic = "OPTIMISTIC: the model was trained on 2 of the 5 clips evaluated; other recordings";
        assert_eq!(
            beginning(optimistic),
            "OPTIMISTIC: the model was trained on 2 of the 5 clips evaluated"
        );
        assert_eq!(beginning("short"), "short");
    }
}
