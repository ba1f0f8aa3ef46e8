//! Cross-validation: a run per fold, each evaluated on its test fold, and their results together.

pub use folds_json::{CrossValidationReport, FoldMetrics, MetricSpread};
pub use out_of_fold_scores::{OutOfFold, out_of_fold};
pub use which_folds::{FoldSet, folds_of};

mod fold_result;
mod folds_json;
mod out_of_fold_scores;
mod which_folds;

use crate::stacking;
use crate::training::{add_damaged, check_teachers, is_longer, resumed_run, with_kept_corrections};
use crate::validation_split::with_folds;
use crate::{Checkpoints, EvaluateJob, Event, Observer, PipelineError, Skips, TrainJob, evaluate, train};
use earmark_data::split::fold_warnings;
use earmark_data::{DataSet, ReadAs};
use earmark_inference::data::{open_data, open_for_training};
use earmark_inference::shards::Shard;
use earmark_runs::experiment_log::{RunState, RunStatus};
use earmark_runs::run_dir::{
    RunDir, RunLock, fold_run, fold_runs, folds_path, is_stack, planned_steps, write_sealed_json,
};
use fold_result::FoldResult;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use which_folds::folds_in;

/// The results of a cross-validation.
#[derive(Clone, Debug, Default)]
pub struct CrossValidationResult {
    /// The results over all folds; none of a shard, or if it was stopped before the last one was evaluated.
    pub report: Option<CrossValidationReport>,
    /// Whether it was stopped before the last fold was evaluated.
    pub interrupted: bool,
    /// The folds.
    pub folds: Vec<u32>,
    /// Clips left out in any fold.
    pub skipped: Skips,
    /// Clips that are used in any fold though a part of them is missing, with what.
    pub damaged: Skips,
}

/// Trains the folds one after the other, each into `fold-K` of the run directory, evaluates the best weights of each on
/// its test fold, and writes `folds.json`. With `job.resume`, finished folds are skipped and an unfinished one is
/// resumed. `job.fold` is ignored.
///
/// With a shard, only its folds are trained and evaluated, each of which resumes, and nothing else is written: several
/// processes may do so at a time, and a resumed call without a shard sums up.
pub fn train_folds(
    job: &TrainJob,
    set: &FoldSet,
    shard: Option<Shard>,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<CrossValidationResult, PipelineError> {
    let mut job = with_kept_corrections(job);
    job.resume |= shard.is_some();
    let job = &job;
    let data = open_for_training(&job.recipe, &job.data, observer)?;
    let folded = with_folds(&job.recipe, &data, true, job.fold_table.as_deref())?;
    let mut folds = folds_in(&folded, set)?;
    let clips = folded.items.iter();
    let clips = clips.filter_map(|item| Some((item.fold?, item.group.as_deref())));
    for warning in fold_warnings(clips) {
        observer(Event::Note(warning));
    }
    let _lock = match shard {
        None => Some(lock(&job.run, job.resume, " for --folds")?),
        Some(shard) => {
            refuse_single_run(&job.run, " for --folds")?;
            let places = 0..folds.len();
            folds = places.filter(|k| shard.has_nth(*k)).map(|k| folds[k]).collect();
            None
        }
    };
    let fingerprint = data.fingerprint()?;
    let mut finished = Vec::new();
    for &fold in &folds {
        let job = job_of(job, fold);
        match is_finished(&job, &fingerprint)? {
            true => finished.push(fold),
            // What would end the last fold ends the first, before it is trained.
            false => check_teachers(&job, &data)?,
        }
    }
    let one = |fold: u32, run: &Path, all: &mut CrossValidationResult| -> Result<bool, PipelineError> {
        if finished.contains(&fold) {
            observer(Event::Note(format!("fold {fold} is trained already")));
            let before = RunDir::open(run)?.info.data;
            all.add(before.skipped, before.damaged);
        } else {
            let trained = train(&job_of(job, fold), observer, stop)?;
            all.add(trained.skipped, trained.damaged);
            if trained.outcome.interrupted {
                return Ok(false);
            }
        }
        let evaluation = evaluate(&evaluate_own_fold(run, &job.data, &job.device), observer, stop)?;
        all.add(evaluation.skipped, evaluation.damaged);
        Ok(!evaluation.interrupted)
    };
    match shard {
        None => train_each(&job.run, &job.recipe.name, &data, folds, observer, one),
        Some(_) => in_turn(&job.run, folds, observer, one),
    }
}

/// Refuses folds of a cross-validation whose teachers (`train.distil`) they can't have, without reading audio.
pub fn check_folds(job: &TrainJob, folds: &[u32]) -> Result<(), PipelineError> {
    if job.recipe.train.distil.is_none() {
        return Ok(());
    }
    let job = with_kept_corrections(job);
    let data = open_data(&job.recipe, &job.data)?;
    let mut folds = folds.iter();
    folds.try_for_each(|fold| check_teachers(&job_of(&job, *fold), &data))
}

/// The training of a fold.
fn job_of(job: &TrainJob, fold: u32) -> TrainJob {
    TrainJob {
        fold: Some(fold),
        run: fold_run(&job.run, fold),
        ..job.clone()
    }
}

impl CrossValidationResult {
    /// Adds clips of a fold that are left out or damaged, if no fold before had them.
    fn add(&mut self, skipped: Skips, damaged: Skips) {
        for skip in skipped {
            if !self.skipped.contains(&skip) {
                self.skipped.push(skip);
            }
        }
        add_damaged(&mut self.damaged, damaged);
    }
}

/// Locks the folder of a cross-validation run; `what` completes the refusal of a single run.
pub(super) fn lock(run: &Path, resume: bool, what: &str) -> Result<RunLock, PipelineError> {
    refuse_single_run(run, what)?;
    Ok(RunDir::lock_folder(run, resume)?)
}

fn refuse_single_run(run: &Path, what: &str) -> Result<(), PipelineError> {
    if run.join("run.json").exists() {
        return Err(PipelineError::Request(format!(
            "{}: holds a single run; choose another folder{what} with --run",
            run.display()
        )));
    }
    Ok(())
}

/// Trains and evaluates one fold after the other by `one` ([`in_turn`]). Then writes `folds.json`.
pub(super) fn train_each(
    run: &Path,
    recipe: &str,
    data: &DataSet,
    folds: Vec<u32>,
    observer: Observer,
    one: impl FnMut(u32, &Path, &mut CrossValidationResult) -> Result<bool, PipelineError>,
) -> Result<CrossValidationResult, PipelineError> {
    let mut done = in_turn(run, folds, observer, one)?;
    if done.interrupted {
        return Ok(done);
    }
    let read = |fold: &u32| FoldResult::read(run, *fold, data);
    let results: Vec<FoldResult> = done.folds.iter().map(read).collect::<Result<_, _>>()?;
    let report = CrossValidationReport::of(recipe, &results)?;
    write_sealed_json(&folds_path(run), &report)?;
    done.report = Some(report);
    Ok(done)
}

/// Trains and evaluates one fold after the other by `one`, which is given the run of the fold and where to add clips
/// left out or damaged, and returns false when it was stopped.
fn in_turn(
    run: &Path,
    folds: Vec<u32>,
    observer: Observer,
    mut one: impl FnMut(u32, &Path, &mut CrossValidationResult) -> Result<bool, PipelineError>,
) -> Result<CrossValidationResult, PipelineError> {
    let mut done = CrossValidationResult::default();
    for (k, &fold) in folds.iter().enumerate() {
        let progress = format!("fold {fold}, {} of {}", k + 1, folds.len());
        observer(Event::Note(progress));
        if !one(fold, &fold_run(run, fold), &mut done)? {
            done.interrupted = true;
            break;
        }
    }
    done.folds = folds;
    Ok(done)
}

/// Whether a fold is already trained with the settings of this job. A run with other settings is refused.
fn is_finished(job: &TrainJob, fingerprint: &str) -> Result<bool, PipelineError> {
    let Some(run) = resumed_run(job)?.filter(|run| !is_longer(run, job)) else {
        return Ok(false);
    };
    let steps = planned_steps(&job.run, &run.info, &run.recipe.train);
    let state = RunStatus::of(&job.run, 0, steps).state;
    let ended = matches!(state, RunState::Finished | RunState::StoppedEarly { .. });
    // Other data is refused by the training, with the reason.
    Ok(ended && run.info.data.fingerprint == fingerprint)
}

/// The evaluation of a run's best weights on its test fold.
pub(super) fn evaluate_own_fold(run: &Path, data: &Path, device: &str) -> EvaluateJob {
    EvaluateJob {
        run: run.into(),
        data: data.into(),
        fold: None,
        fold_table: None,
        subset: None,
        read: ReadAs::default(),
        checkpoints: Checkpoints::Best,
        eval_dir: None,
        device: device.into(),
        precision: None,
    }
}

/// The folds of a cross-validation run and their runs.
pub(super) fn trained_folds(set: &Path) -> Result<Vec<(u32, PathBuf)>, PipelineError> {
    let runs = fold_runs(set)?;
    if runs.is_empty() {
        return Err(PipelineError::Request(format!(
            "{}: has no folds; train them with `earmark train ... --folds all --run {0}`",
            set.display()
        )));
    }
    Ok(runs)
}

/// The data folder, read as a run reads it; a stacked run reads it as its first input does.
pub(super) fn data_of(run: &Path, data: &Path) -> Result<DataSet, PipelineError> {
    if is_stack(run) {
        return stacking::data_of(run, data);
    }
    open_data(&RunDir::open(run)?.recipe, data)
}
