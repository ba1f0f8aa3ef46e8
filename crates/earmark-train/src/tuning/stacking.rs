//! Searching for the settings of a second level.

use super::trials::{Nested, Trial, TrialState, Trials, folder_of};
use super::{Dimension, Values, open_folder, write_best};
use crate::{CrossValidated, StackJob, out_of_fold, train_stack};
use earmark_engine::{FitError, ValidationMetric};
use earmark_inference::{Event, Observer, PipelineError};
use earmark_metrics::{Aligned, Report, ReportOptions, ScoreTable};
use earmark_recipe::StackRecipe;
use earmark_runs::journal::history::{History, highest};
use earmark_runs::run_dir::fold_runs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What to search.
#[derive(Clone, Debug)]
pub struct SearchStack {
    /// Recipe file, or name of a built-in recipe.
    pub recipe: String,
    /// `KEY=VALUE` of every trial.
    pub overrides: Vec<String>,
    /// The settings to try, each a list of `KEY=VALUE`.
    pub settings: Vec<Vec<String>>,
    /// The first-level runs, as [`input_names`](crate::input_names) names them.
    pub inputs: Vec<String>,
    /// Where the clips' labels are.
    pub data: Option<PathBuf>,
    /// The folder of the search.
    pub folder: PathBuf,
    /// Go on with a search.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// What is searched where nothing else is asked for: the settings that argus-2019 searched.
pub fn stack_space() -> Vec<Dimension> {
    let of = |key: &str, values| Dimension {
        key: key.to_owned(),
        values,
    };
    let list = |values: &[&str]| Values::List(values.iter().map(|v| (*v).to_owned()).collect());
    let real = |low, high, log| Values::Real { low, high, log };
    vec![
        of("network.base", list(&["64", "128", "256", "512"])),
        of("network.reduction", list(&["1", "2", "4", "8", "16"])),
        of("network.drop-prob", real(0.0, 0.6, false)),
        of("train.learning-rate", real(1e-5, 3e-3, true)),
        of("batches.size", list(&["32", "64", "128"])),
        of(
            "train.schedule.patience",
            Values::Whole {
                low: 2,
                high: 10,
                log: false,
            },
        ),
        of("train.schedule.factor", real(0.5, 0.9, false)),
    ]
}

/// Trains a second level for every setting and compares them by their validation clips, which are none of the judged ones of
/// their own fold; `None` when stopped. Trials that have ended before are passed over.
pub fn search_stack(
    job: &SearchStack,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Trials>, PipelineError> {
    let mut recipes = Vec::new();
    for setting in &job.settings {
        let overrides = [job.overrides.clone(), setting.clone()].concat();
        let mut recipe = StackRecipe::load(&job.recipe, &overrides)?;
        recipe.stack.inputs.clone_from(&job.inputs);
        recipes.push(recipe);
    }
    let Some(metric) = recipes.first().map(|r| r.validation.metric) else {
        return Err(PipelineError::Request(
            "nothing to try: --search wants 1 or more".into(),
        ));
    };
    refuse_steered(&recipes)?;
    let _lock = open_folder(&job.folder, job.resume)?;
    let judged_by = "the mean over folds of their validation clips (validation.split)".to_owned();
    let mut all = Trials::new(metric.name(), judged_by, recipes.len());
    for (k, (setting, recipe)) in job.settings.iter().zip(recipes).enumerate() {
        let number = k + 1;
        observer(Event::Note(format!(
            "trial {number} of {}: {}",
            job.settings.len(),
            setting.join(" ")
        )));
        let toml = recipe.to_toml();
        let trial = match Trial::read(&job.folder, number, setting)? {
            Some(before) => before,
            None => match one(job, recipe, number, setting, metric, observer, stop)? {
                Some(trial) => trial,
                None => return Ok(None),
            },
        };
        if all.add(trial, &job.folder)? {
            write_best(&job.folder, &toml)?;
        }
    }
    all.nested = nested(job, &all, metric, observer, stop)?;
    all.write(&job.folder)?;
    Ok(Some(all))
}

/// Trials are compared on validation clips, and what is judged chooses nothing.
fn refuse_steered(recipes: &[StackRecipe]) -> Result<(), PipelineError> {
    use earmark_engine::ValidationSplit::{None, TestFold};
    if recipes
        .iter()
        .any(|r| matches!(r.validation.split, None | TestFold))
    {
        let message = "validation.split: trials are compared on validation clips that are none of the judged ones; set validation.split={kind=\"hold-out\",fraction=0.1}";
        return Err(PipelineError::Request(message.into()));
    }
    Ok(())
}

fn one(
    job: &SearchStack,
    recipe: StackRecipe,
    number: usize,
    setting: &[String],
    metric: ValidationMetric,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Trial>, PipelineError> {
    let run = job.folder.join(folder_of(number));
    let work = StackJob {
        recipe,
        data: job.data.clone(),
        run: run.clone(),
        resume: run.exists(),
        device: job.device.clone(),
        command: job.command.clone(),
    };
    let trained = match train_stack(&work, observer, stop) {
        Err(PipelineError::Fit(e @ FitError::Diverged { .. })) => {
            let reason = e.to_string();
            let trial = Trial::new(number, setting, TrialState::Failed { reason }, Vec::new());
            trial.write(&job.folder)?;
            return Ok(Some(trial));
        }
        trained => trained?,
    };
    let CrossValidated {
        report: Some(report), ..
    } = trained
    else {
        return Ok(None);
    };
    let mut trial = Trial::new(number, setting, TrialState::Done, validations(&run, metric)?);
    trial.judged = metric.of(&report.pooled);
    trial.write(&job.folder)?;
    Ok(Some(trial))
}

/// The best validation of each fold, ascending by fold.
fn validations(set: &Path, metric: ValidationMetric) -> Result<Vec<f64>, PipelineError> {
    let best = |run: &Path| highest(History::read(run).validation_of(metric)).map(|(_, score)| score);
    Ok(fold_runs(set)?.iter().filter_map(|(_, run)| best(run)).collect())
}

/// What the search is worth: each fold is judged by the trial that its own validation clips choose.
fn nested(
    job: &SearchStack,
    all: &Trials,
    metric: ValidationMetric,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Nested>, PipelineError> {
    let done: Vec<&Trial> = all
        .trials
        .iter()
        .filter(|t| t.state == TrialState::Done)
        .collect();
    let Some(first) = done.first() else {
        return Ok(None);
    };
    let folds: Vec<u32> = fold_runs(&job.folder.join(&first.folder))?
        .into_iter()
        .map(|(fold, _)| fold)
        .collect();
    let mut chosen = Vec::new();
    for (k, fold) in folds.iter().enumerate() {
        let best = done
            .iter()
            .filter(|t| t.scores.len() == folds.len())
            .reduce(|a, b| if b.scores[k] > a.scores[k] { b } else { a });
        let Some(best) = best else { return Ok(None) };
        chosen.push((*fold, best.number));
    }
    let (mut files, mut values, mut truth, mut classes) = (vec![], vec![], vec![], vec![]);
    for trial in &done {
        if chosen.iter().all(|(_, number)| *number != trial.number) {
            continue;
        }
        let set = job.folder.join(&trial.folder);
        let Some(oof) = out_of_fold(&set, job.data.as_deref(), &job.device, observer, stop)? else {
            return Ok(None);
        };
        classes = oof.scores.classes().to_vec();
        for (((file, row), item), fold) in oof.scores.rows().zip(&oof.items).zip(&oof.folds) {
            if chosen.contains(&(*fold, trial.number)) {
                files.push(file.to_owned());
                values.extend_from_slice(row);
                truth.extend(item.multi_hot(classes.len()).into_iter().map(|v| v > 0.0));
            }
        }
    }
    let aligned = Aligned::from_rows(ScoreTable::new(files, classes, values)?, truth)?;
    let report = Report::of(&aligned, &ReportOptions::default())?;
    Ok(Some(Nested {
        chosen,
        judged: metric.of(&report),
    }))
}
