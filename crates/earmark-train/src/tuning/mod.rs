//! Searching for settings: many trainings of one recipe, each with other values of some keys, compared by clips that are not judged.
//!
//! A trial is compared by the best validation of its training, on clips that the recipe splits off (`validation.split`), or by the mean of that
//! over inner folds. The fold kept for judging (`--fold K`) is seen by no trial: what the best setting is worth is found out
//! there afterwards, once.

mod search_space;
mod stacking;
mod trials;

pub use search_space::{Dimension, SpaceError, Values, grid, random};
pub use stacking::{SearchStack, search_stack, stack_space};
pub use trials::{Nested, Trial, TrialState, Trials, folder_of};

use crate::{TrainJob, train};
use earmark_core::atomic::{self, WriteError};
use earmark_engine::{FitError, FitEvent, ParameterPrefixes, ValidationMetric, ValidationSplit};
use earmark_inference::{Event, Observer, PipelineError};
use earmark_recipe::Recipe;
use earmark_runs::journal::history::History;
use earmark_runs::run_dir::{RunDir, RunLock};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use trials::is_hopeless;

/// What to search.
#[derive(Clone, Debug)]
pub struct Tune {
    /// Recipe file, or name of a built-in recipe.
    pub recipe: String,
    /// `KEY=VALUE` of every trial.
    pub overrides: Vec<String>,
    /// The settings to try, each a list of `KEY=VALUE`.
    pub settings: Vec<Vec<String>>,
    /// The data folder.
    pub data: PathBuf,
    /// The folder of the search.
    pub folder: PathBuf,
    /// The fold that no trial sees.
    pub fold: Option<u32>,
    /// A fold table, where the data has none or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// Compare by the mean over so many inner folds instead of the recipe's own validation clips.
    pub inner_folds: Option<u32>,
    /// Whether trials end early that are worse than half of those before.
    pub abandon: bool,
    /// Go on with a search.
    pub resume: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json`.
    pub command: Vec<String>,
}

/// A search that was checked: what each trial trains.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The recipe of each trial, without what inner folds change.
    pub recipes: Vec<Recipe>,
    /// What is compared.
    pub metric: ValidationMetric,
    /// Where, in words.
    pub judged_by: String,
}

/// Reads the recipe of every trial and refuses what can't be searched, before anything is trained.
pub fn plan(job: &Tune) -> Result<Plan, PipelineError> {
    let mut recipes: Vec<Recipe> = Vec::new();
    for setting in &job.settings {
        let overrides = [job.overrides.clone(), setting.clone()].concat();
        recipes.push(Recipe::load(&job.recipe, &overrides)?);
    }
    let refuse = |text: &str| Err(PipelineError::Request(text.to_owned()));
    let Some(first) = recipes.first() else {
        return refuse("nothing to try: give --grid KEY=V1,V2, or --random N with --range or --choice");
    };
    let metric = first.validation.metric;
    if recipes.iter().any(|r| r.validation.metric != metric) {
        return refuse(
            "validation.metric: differs between trials, which could not be compared then; leave it out of the search",
        );
    }
    let judged_by = match job.inner_folds {
        Some(0 | 1) => return refuse("--inner-folds: choose 2 or more"),
        Some(count) => format!("the mean over {count} inner folds"),
        None if recipes
            .iter()
            .any(|r| r.validation.split == ValidationSplit::TestFold) =>
        {
            return refuse(
                "validation.split: the judged fold must choose nothing; set validation.split={kind=\"hold-out\",fraction=0.2}, or compare by --inner-folds N",
            );
        }
        None if recipes
            .iter()
            .any(|r| r.validation.split == ValidationSplit::None) =>
        {
            return refuse(
                "validation.split: trials are compared on validation clips and this recipe has none; set validation.split={kind=\"hold-out\",fraction=0.2}, or compare by --inner-folds N",
            );
        }
        None => "the validation clips (validation.split)".to_owned(),
    };
    Ok(Plan {
        recipes,
        metric,
        judged_by,
    })
}

/// Trains every trial and compares them; `None` when stopped. Trials that have ended before are passed over.
pub fn tune(job: &Tune, observer: Observer, stop: &AtomicBool) -> Result<Option<Trials>, PipelineError> {
    let plan = plan(job)?;
    let _lock = open_folder(&job.folder, job.resume)?;
    let mut all = Trials::new(plan.metric.name(), plan.judged_by.clone(), job.settings.len());
    let mut curves = Vec::new();
    for (k, (setting, recipe)) in job.settings.iter().zip(&plan.recipes).enumerate() {
        let number = k + 1;
        observer(Event::Note(format!(
            "trial {number} of {}: {}",
            job.settings.len(),
            setting.join(" ")
        )));
        let trial = match Trial::read(&job.folder, number, setting)? {
            Some(before) => {
                observer(Event::Note(format!("trial {number} has ended already")));
                before
            }
            None => {
                let Some((state, scores)) = one(job, recipe, number, &curves, observer, stop)? else {
                    return Ok(None);
                };
                let trial = Trial::new(number, setting, state, scores);
                trial.write(&job.folder)?;
                trial
            }
        };
        if trial.state == TrialState::Done {
            let history = History::read(&job.folder.join(&trial.folder));
            curves.push(history.validation_of(plan.metric).clone());
        }
        if all.add(trial, &job.folder)? {
            write_best(&job.folder, &recipe.to_toml())?;
        }
    }
    Ok(Some(all))
}

/// A folder for a search alone.
fn open_folder(folder: &Path, resume: bool) -> Result<RunLock, PipelineError> {
    let free = || {
        if resume {
            Ok(())
        } else {
            RunDir::check_free(folder)
        }
    };
    free()?;
    let lock = RunLock::take(folder)?;
    free()?;
    atomic::clean_leftovers(folder).map_err(|e| WriteError::new(folder, e))?;
    Ok(lock)
}

/// Writes `best.toml`, a recipe to train.
fn write_best(folder: &Path, toml: &str) -> Result<(), PipelineError> {
    Ok(atomic::write(&folder.join("best.toml"), |w| {
        w.write_all(toml.as_bytes())
    })?)
}

/// How one trial ended, with its scores; `None` when stopped.
fn one(
    job: &Tune,
    recipe: &Recipe,
    number: usize,
    curves: &[Vec<(f64, f64)>],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<(TrialState, Vec<f64>)>, PipelineError> {
    let folder = job.folder.join(folder_of(number));
    let Some(count) = job.inner_folds else {
        return training(job, recipe.clone(), folder, curves, observer, stop);
    };
    let mut scores = Vec::new();
    for index in 1..=count {
        let mut inner = recipe.clone();
        inner.validation.split = ValidationSplit::InnerFold { count, index };
        let run = folder.join(format!("inner-{index}"));
        match training(job, inner, run, &[], observer, stop)? {
            Some((TrialState::Done, more)) => scores.extend(more),
            other => return Ok(other),
        }
    }
    Ok(Some((TrialState::Done, scores)))
}

/// One training; `None` when stopped.
fn training(
    job: &Tune,
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
    // Ends this training alone; what is asked from outside ends it as well.
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
        // A setting that runs away is a result of the search and no reason to end it.
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
