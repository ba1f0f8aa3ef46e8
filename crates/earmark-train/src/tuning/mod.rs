//! Hyperparameter search: many trainings of one recipe with different values of some keys, compared on validation clips.
//!
//! A trial's score is the best validation of its training, on clips that the recipe splits off (`validation.split`), or the mean of
//! that over inner folds. No trial sees the test fold (`--fold K`); the best setting is evaluated there once, afterwards.

mod search_space;
mod stack_search;
mod trials;

pub use search_space::{SearchDimension, SearchValues, SpaceError, grid, random};
pub use stack_search::{StackSearchJob, search_stack, stack_space};
pub use trials::{NestedResult, Trial, TrialState, Trials, folder_of};

use crate::{TrainJob, train};
use earmark_engine::{FitError, FitEvent, ParameterPrefixes, ValidationMetric, ValidationSplit};
use earmark_inference::{Event, Observer, PipelineError};
use earmark_recipe::Recipe;
use earmark_runs::experiment_log::TrainingHistory;
use earmark_runs::run_dir::RunDir;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use trials::is_hopeless;

/// The search.
#[derive(Clone, Debug)]
pub struct TuneJob {
    /// Recipe file, or name of a built-in recipe.
    pub recipe: String,
    /// `KEY=VALUE` of every trial.
    pub overrides: Vec<String>,
    /// The settings to try, each a list of `KEY=VALUE`.
    pub settings: Vec<Vec<String>>,
    /// The data folder.
    pub data: PathBuf,
    /// Folder of the search.
    pub folder: PathBuf,
    /// The test fold, which no trial sees.
    pub fold: Option<u32>,
    /// A fold table, if the data has no folds or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// Number of inner folds; trials are then compared by the mean over them instead of on the recipe's validation clips.
    pub inner_folds: Option<u32>,
    /// Whether trials that are worse than the median of earlier ones are abandoned.
    pub abandon: bool,
    /// Resume a search.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// A checked search: what each trial trains.
#[derive(Clone, Debug)]
pub struct TunePlan {
    /// The recipe of each trial, before inner folds change it.
    pub recipes: Vec<Recipe>,
    /// The metric that trials are compared by.
    pub metric: ValidationMetric,
    /// The clips that trials are compared on, in words.
    pub compared_by: String,
}

/// Reads the recipe of every trial and checks the search before anything is trained.
pub fn plan(job: &TuneJob) -> Result<TunePlan, PipelineError> {
    let mut recipes: Vec<Recipe> = Vec::new();
    for setting in &job.settings {
        let overrides = [job.overrides.clone(), setting.clone()].concat();
        recipes.push(Recipe::load(&job.recipe, &overrides)?);
    }
    let refuse = |text: &str| Err(PipelineError::Request(text.to_owned()));
    let Some(metric) = recipes.first().map(|recipe| recipe.validation.metric) else {
        return refuse("nothing to try: give --grid KEY=V1,V2, or --random N with --range or --choice");
    };
    if recipes.iter().any(|r| r.validation.metric != metric) {
        return refuse(
            "validation.metric: differs between trials, so they could not be compared; leave it out of the search",
        );
    }
    let some = |split: ValidationSplit| recipes.iter().any(|r| r.validation.split == split);
    let compared_by = match job.inner_folds {
        Some(0 | 1) => return refuse("--inner-folds: choose 2 or more"),
        Some(count) => format!("the mean over {count} inner folds"),
        None if some(ValidationSplit::TestFold) => {
            return refuse(
                "validation.split: the test fold must not choose settings; set validation.split={kind=\"hold-out\",fraction=0.2}, or use --inner-folds N",
            );
        }
        None if some(ValidationSplit::None) => {
            return refuse(
                "validation.split: trials are compared on validation clips, but this recipe has none; set validation.split={kind=\"hold-out\",fraction=0.2}, or use --inner-folds N",
            );
        }
        None => "the validation clips (validation.split)".to_owned(),
    };
    Ok(TunePlan {
        recipes,
        metric,
        compared_by,
    })
}

/// Trains every trial and compares them; `None` when stopped. Trials that have already ended are skipped.
pub fn tune(job: &TuneJob, observer: Observer, stop: &AtomicBool) -> Result<Option<Trials>, PipelineError> {
    let plan = plan(job)?;
    let _lock = RunDir::lock_folder(&job.folder, job.resume)?;
    let all = Trials::new(plan.metric.name(), plan.compared_by, job.settings.len());
    let (recipes, mut curves, mut seen) = (plan.recipes, Vec::new(), 0);
    let toml = |index: usize| recipes[index].to_toml();
    let curve = |trial: &Trial| {
        let history = TrainingHistory::read(&job.folder.join(&trial.folder));
        history.validation_of(plan.metric).clone()
    };
    let run = |index: usize, before: &[Trial]| -> Result<Option<Trial>, PipelineError> {
        let done = before[seen..].iter().filter(|t| t.state == TrialState::Done);
        curves.extend(done.map(curve));
        seen = before.len();
        let ended = run_trial(job, &recipes[index], index + 1, &curves, observer, stop)?;
        Ok(ended.map(|(state, scores)| Trial::new(index + 1, &job.settings[index], state, scores)))
    };
    all.run(&job.folder, &job.settings, observer, toml, run)
}

/// Runs a trial; how it ended, with its scores. `None` when stopped.
fn run_trial(
    job: &TuneJob,
    recipe: &Recipe,
    number: usize,
    curves: &[Vec<(f64, f64)>],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(TrialState, Vec<f64>)>, PipelineError> {
    let folder = job.folder.join(folder_of(number));
    let Some(count) = job.inner_folds else {
        return run_training(job, recipe.clone(), folder, curves, observer, stop);
    };
    let mut scores = Vec::new();
    for index in 1..=count {
        let mut inner = recipe.clone();
        inner.validation.split = ValidationSplit::InnerFold { count, index };
        let run = folder.join(format!("inner-{index}"));
        match run_training(job, inner, run, &[], observer, stop)? {
            Some((TrialState::Done, more)) => scores.extend(more),
            other => return Ok(other),
        }
    }
    Ok(Some((TrialState::Done, scores)))
}

/// Runs one training of a trial; `None` when stopped.
fn run_training(
    job: &TuneJob,
    recipe: Recipe,
    run: PathBuf,
    curves: &[Vec<(f64, f64)>],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(TrialState, Vec<f64>)>, PipelineError> {
    let metric = recipe.validation.metric;
    let work = TrainJob {
        resume: run.join("run.json").exists(),
        recipe,
        data: job.data.clone(),
        run,
        fold: job.fold,
        fold_table: job.fold_table.clone(),
        init_from: None,
        prefixes: ParameterPrefixes::default(),
        device: job.device.clone(),
        command: job.command.clone(),
    };
    // Ends this training only; a stop from outside ends it too.
    let (end, hopeless) = (AtomicBool::new(false), AtomicBool::new(false));
    let best = Mutex::new(f64::NEG_INFINITY);
    let watch = |event: Event| {
        if stop.load(Ordering::Relaxed) {
            end.store(true, Ordering::Relaxed);
        }
        if let Event::Fit(FitEvent::Validated { step, report, .. }) = &event
            && let Some(score) = metric.of(report)
        {
            let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
            *best = best.max(score);
            if job.abandon && is_hopeless(curves, *step as f64, *best) {
                hopeless.store(true, Ordering::Relaxed);
                end.store(true, Ordering::Relaxed);
            }
        }
        observer(event);
    };
    let trained = match train(&work, &watch, &end) {
        // A diverged training is a result of the search and does not end it.
        Err(PipelineError::Fit(e @ FitError::Diverged { .. })) => {
            let reason = e.to_string();
            return Ok(Some((TrialState::Failed { reason }, Vec::new())));
        }
        Err(e) if e.is_interrupt() && stop.load(Ordering::Relaxed) => return Ok(None),
        trained => trained?,
    };
    let outcome = trained.outcome;
    if stop.load(Ordering::Relaxed) && outcome.interrupted {
        return Ok(None);
    }
    let state = match outcome.interrupted && hopeless.load(Ordering::Relaxed) {
        true => TrialState::Abandoned { step: outcome.step },
        false => TrialState::Done,
    };
    Ok(Some((state, outcome.best.iter().map(|b| b.score).collect())))
}
