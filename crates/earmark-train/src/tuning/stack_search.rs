//! Hyperparameter search for stacking.

use super::trials::{NestedResult, Trial, TrialState, Trials, folder_of};
use super::{SearchDimension, SearchValues, write_best};
use crate::{CrossValidationResult, StackJob, out_of_fold, train_stack};
use earmark_engine::{FitError, ValidationMetric};
use earmark_inference::{Event, Observer, PipelineError};
use earmark_metrics::{Aligned, Report, ReportOptions, ScoreTable};
use earmark_recipe::StackRecipe;
use earmark_runs::experiment_log::{TrainingHistory, highest};
use earmark_runs::run_dir::{RunDir, fold_runs};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The search.
#[derive(Clone, Debug)]
pub struct StackSearchJob {
    /// Recipe file, or name of a built-in recipe.
    pub recipe: String,
    /// `KEY=VALUE` of every trial.
    pub overrides: Vec<String>,
    /// The settings to try, each a list of `KEY=VALUE`.
    pub settings: Vec<Vec<String>>,
    /// The runs whose scores are stacked, as [`input_names`](crate::input_names) names them.
    pub inputs: Vec<String>,
    /// Where the clips' labels are.
    pub data: Option<PathBuf>,
    /// The folder of the search.
    pub folder: PathBuf,
    /// Resume a search.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// The default search space: that of argus-2019.
pub fn stack_space() -> Vec<SearchDimension> {
    let of = |key: &str, values| SearchDimension {
        key: key.to_owned(),
        values,
    };
    let list = |values: &[&str]| SearchValues::List(values.iter().map(|v| (*v).to_owned()).collect());
    let real = |low, high, log| SearchValues::Real { low, high, log };
    vec![
        of("network.base", list(&["64", "128", "256", "512"])),
        of("network.reduction", list(&["1", "2", "4", "8", "16"])),
        of("network.drop-prob", real(0.0, 0.6, false)),
        of("train.learning-rate", real(1e-5, 3e-3, true)),
        of("batches.size", list(&["32", "64", "128"])),
        of(
            "train.schedule.patience",
            SearchValues::Whole {
                low: 2,
                high: 10,
                log: false,
            },
        ),
        of("train.schedule.factor", real(0.5, 0.9, false)),
    ]
}

/// Trains a stacked network for every setting and compares them on validation clips, none of which is a test clip of its fold;
/// `None` when stopped. Trials that have already ended are skipped.
pub fn search_stack(
    job: &StackSearchJob,
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
            "nothing to try: --search must be at least 1".into(),
        ));
    };
    refuse_test_clips(&recipes)?;
    let _lock = RunDir::lock_folder(&job.folder, job.resume)?;
    let compared_by = "the mean over folds of their validation clips (validation.split)".to_owned();
    let mut all = Trials::new(metric.name(), compared_by, recipes.len());
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
            None => match run_trial(job, recipe, number, setting, observer, stop)? {
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

/// Trials are compared on validation clips; test clips do not choose settings.
fn refuse_test_clips(recipes: &[StackRecipe]) -> Result<(), PipelineError> {
    use earmark_engine::ValidationSplit::{None, TestFold};
    if recipes
        .iter()
        .any(|r| matches!(r.validation.split, None | TestFold))
    {
        let message = "validation.split: trials must be compared on validation clips outside the test fold; set validation.split={kind=\"hold-out\",fraction=0.1}";
        return Err(PipelineError::Request(message.into()));
    }
    Ok(())
}

/// Runs a trial; `None` when stopped.
fn run_trial(
    job: &StackSearchJob,
    recipe: StackRecipe,
    number: usize,
    setting: &[String],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Trial>, PipelineError> {
    let run = job.folder.join(folder_of(number));
    let metric = recipe.validation.metric;
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
    let CrossValidationResult {
        report: Some(report), ..
    } = trained
    else {
        return Ok(None);
    };
    let mut trial = Trial::new(number, setting, TrialState::Done, validations(&run, metric)?);
    trial.test_score = metric.of(&report.pooled);
    trial.write(&job.folder)?;
    Ok(Some(trial))
}

/// The best validation of each fold, ascending by fold.
fn validations(set: &Path, metric: ValidationMetric) -> Result<Vec<f64>, PipelineError> {
    let best = |run: &Path| highest(TrainingHistory::read(run).validation_of(metric)).map(|(_, score)| score);
    Ok(fold_runs(set)?.iter().filter_map(|(_, run)| best(run)).collect())
}

/// The nested score of the search: each fold is scored by the trial that its own validation clips choose.
fn nested(
    job: &StackSearchJob,
    all: &Trials,
    metric: ValidationMetric,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<NestedResult>, PipelineError> {
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
    Ok(Some(NestedResult {
        chosen,
        test_score: metric.of(&report),
    }))
}
