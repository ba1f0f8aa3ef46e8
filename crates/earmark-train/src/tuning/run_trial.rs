//! One trial of a search: its training, or one on each inner fold, and how it ended.

use super::TuneJob;
use super::trial::{Trial, TrialState, folder_of};
use super::trials::is_hopeless;
use crate::training::add_damaged;
use crate::{Skips, TrainJob, train};
use earmark_engine::{FitError, FitEvent, ParameterPrefixes, ValidationSplit};
use earmark_inference::{Event, Observer, PipelineError};
use earmark_recipe::Recipe;
use earmark_runs::experiment_log::Points;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How one training of a trial ended.
struct EndedTraining {
    state: TrialState,
    score: Option<f64>,
    skipped: Skips,
    damaged: Skips,
}

/// Runs the trial of an index; `curves` are the validations of earlier ones. `None` when stopped. A trial that fails by its own settings
/// is a result; what no setting changes ends the search.
pub(super) fn run_trial(
    job: &TuneJob,
    index: usize,
    recipe: &Result<Recipe, String>,
    curves: &[Points],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<Trial>, PipelineError> {
    let (number, setting) = (index + 1, &job.settings[index]);
    let recipe = match recipe {
        Ok(recipe) => recipe,
        Err(reason) => {
            let reason = reason.clone();
            let failed = Trial::new(number, setting, TrialState::Failed { reason }, Vec::new());
            return Ok(Some(failed));
        }
    };
    let folder = job.folder.join(folder_of(number));
    let (mut trainings, mut curves) = (vec![(recipe.clone(), folder.clone())], curves);
    if let Some(count) = job.inner_folds {
        // Nothing is abandoned on one of several folds.
        curves = &[];
        let inner = |index: u32| {
            let mut inner = recipe.clone();
            inner.validation.split = ValidationSplit::InnerFold { count, index };
            (inner, folder.join(format!("inner-{index}")))
        };
        trainings = (1..=count).map(inner).collect();
    }
    let (mut scores, mut skipped, mut damaged) = (Vec::new(), Skips::new(), Skips::new());
    let mut state = TrialState::Done;
    for (recipe, run) in trainings {
        let Some(ended) = run_training(job, recipe, run, curves, observer, stop)? else {
            return Ok(None);
        };
        skipped.extend(ended.skipped);
        add_damaged(&mut damaged, ended.damaged);
        state = ended.state;
        if let TrialState::Failed { .. } = state {
            // A mean over some of the folds can't be compared with means over all.
            scores.clear();
            break;
        }
        scores.extend(ended.score);
    }
    skipped.sort();
    skipped.dedup();
    Ok(Some(Trial {
        skipped,
        damaged,
        ..Trial::new(number, setting, state, scores)
    }))
}

/// Runs one training of a trial; `None` when stopped.
fn run_training(
    job: &TuneJob,
    mut recipe: Recipe,
    run: PathBuf,
    curves: &[Points],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<EndedTraining>, PipelineError> {
    let metric = recipe.validation.metric;
    // Trials are compared on these clips, however few they are.
    recipe.validation.split = recipe.validation.split.with_any_clips();
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
        Ok(trained) => trained,
        Err(e) if e.is_interrupt() && stop.load(Ordering::Relaxed) => return Ok(None),
        Err(e) if ends_search(&e) => return Err(e),
        Err(e) => {
            return Ok(Some(EndedTraining {
                state: TrialState::Failed {
                    reason: e.to_string(),
                },
                score: None,
                skipped: Skips::new(),
                damaged: Skips::new(),
            }));
        }
    };
    let outcome = trained.outcome;
    if stop.load(Ordering::Relaxed) && outcome.interrupted {
        return Ok(None);
    }
    let state = match outcome.interrupted && hopeless.load(Ordering::Relaxed) {
        true => TrialState::Abandoned { step: outcome.step },
        false => TrialState::Done,
    };
    Ok(Some(EndedTraining {
        state,
        score: outcome.best.map(|best| best.score),
        skipped: trained.skipped,
        damaged: trained.damaged,
    }))
}

/// Whether an error ends a search, as the next trial would meet it as well: the disk, a folder in use, the device, a recording that can
/// no longer be read. Everything else is the trial's own, and the others may do better.
pub(super) fn ends_search(error: &PipelineError) -> bool {
    use PipelineError::{Audio, Device, Fit, Interrupted, Item, Run, Write};
    matches!(
        error,
        Audio(_)
            | Device(_)
            | Interrupted(_)
            | Item(_)
            | Run(_)
            | Write(_)
            | Fit(FitError::Write(_) | FitError::Model(_) | FitError::Item { .. })
    )
}
