//! Cross-validation: a run per fold, each evaluated on its test fold, and their results together.

pub use folds_json::{CrossValidationReport, FoldMetrics, MetricSpread};
pub use which_folds::{FoldSet, folds_of};

mod folds_json;
mod which_folds;

use crate::evaluation::with_truth;
use crate::stacking;
use crate::training::{is_longer, resumed_run};
use crate::validation_split::with_folds;
use crate::{Checkpoints, EvaluateJob, Event, Observer, PipelineError, Skips, TrainJob, evaluate, train};
use earmark_data::split::fold_warnings;
use earmark_data::{DataSet, Item, ReadAs};
use earmark_inference::data::{open_data, open_for_training};
use earmark_metrics::{Aligned, MetricsError, ScoreTable};
use earmark_runs::experiment_log::{RunState, RunStatus};
use earmark_runs::run_dir::{
    RunDir, RunLock, fold_run, fold_runs, folds_path, is_stack, planned_steps, write_json,
};
use folds_json::FoldResult;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use which_folds::folds_in;

/// The results of a cross-validation.
#[derive(Clone, Debug, Default)]
pub struct CrossValidationResult {
    /// The results over all folds; none if it was stopped before the last one was evaluated.
    pub report: Option<CrossValidationReport>,
    /// The folds.
    pub folds: Vec<u32>,
    /// Clips left out in any fold.
    pub skipped: Skips,
}

/// Trains the folds one after the other, each into `fold-K` of the run directory, evaluates the best weights of each on its test
/// fold, and writes `folds.json`. With `job.resume`, finished folds are skipped and an unfinished one is resumed. `job.fold` is
/// ignored.
pub fn train_folds(
    job: &TrainJob,
    set: &FoldSet,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<CrossValidationResult, PipelineError> {
    let data = open_for_training(&job.recipe, &job.data, observer)?;
    let folded = with_folds(&job.recipe, &data, true, job.fold_table.as_deref())?;
    let folds = folds_in(&folded, set)?;
    let clips = folded.items.iter();
    let clips = clips.filter_map(|item| Some((item.fold?, item.group.as_deref())));
    for warning in fold_warnings(clips) {
        observer(Event::Note(warning));
    }
    let _lock = lock(&job.run, job.resume, " for --folds")?;
    let job_of = |fold: u32| TrainJob {
        fold: Some(fold),
        run: fold_run(&job.run, fold),
        ..job.clone()
    };
    let fingerprint = data.fingerprint()?;
    let mut finished = Vec::new();
    for &fold in &folds {
        if is_finished(&job_of(fold), &fingerprint)? {
            finished.push(fold);
        }
    }
    let one = |fold: u32, run: &Path, skipped: &mut Skips| -> Result<bool, PipelineError> {
        if finished.contains(&fold) {
            observer(Event::Note(format!("fold {fold} is trained already")));
            add(skipped, RunDir::open(run)?.info.data.skipped);
        } else {
            let trained = train(&job_of(fold), observer, stop)?;
            add(skipped, trained.skipped);
            if trained.outcome.interrupted {
                return Ok(false);
            }
        }
        let evaluation = evaluate(&evaluate_own_fold(run, &job.data, &job.device), observer, stop)?;
        add(skipped, evaluation.skipped);
        Ok(!evaluation.interrupted)
    };
    train_each(&job.run, &job.recipe.name, &data, folds, observer, one)
}

/// Adds clips that were not left out before.
fn add(all: &mut Skips, more: Skips) {
    for skip in more {
        if !all.contains(&skip) {
            all.push(skip);
        }
    }
}

/// Locks the folder of a cross-validation run; `what` completes the refusal of a single run.
pub(super) fn lock(run: &Path, resume: bool, what: &str) -> Result<RunLock, PipelineError> {
    if run.join("run.json").exists() {
        return Err(PipelineError::Request(format!(
            "{}: holds a single run; choose another folder{what} with --run",
            run.display()
        )));
    }
    Ok(RunDir::lock_folder(run, resume)?)
}

/// Trains and evaluates one fold after the other by `one`, which is given the run of the fold and where to add clips left out, and
/// returns false when it was stopped. Then writes `folds.json`.
pub(super) fn train_each(
    run: &Path,
    recipe: &str,
    data: &DataSet,
    folds: Vec<u32>,
    observer: Observer,
    mut one: impl FnMut(u32, &Path, &mut Skips) -> Result<bool, PipelineError>,
) -> Result<CrossValidationResult, PipelineError> {
    let mut done = CrossValidationResult {
        folds,
        ..CrossValidationResult::default()
    };
    for (k, &fold) in done.folds.iter().enumerate() {
        let progress = format!("fold {fold}, {} of {}", k + 1, done.folds.len());
        observer(Event::Note(progress));
        if !one(fold, &fold_run(run, fold), &mut done.skipped)? {
            return Ok(done);
        }
    }
    let read = |fold: &u32| FoldResult::read(run, *fold, data);
    let results: Vec<FoldResult> = done.folds.iter().map(read).collect::<Result<_, _>>()?;
    let report = CrossValidationReport::of(recipe, &results)?;
    write_json(&folds_path(run), &report)?;
    done.report = Some(report);
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
    }
}

/// The clips of a cross-validation run, each scored by the model that was not trained on it.
#[derive(Clone, Debug)]
pub struct OutOfFold {
    /// Fold after fold.
    pub scores: ScoreTable,
    /// The clips in the same order, with labels in the classes of the scores.
    pub items: Vec<Item>,
    /// The fold of each.
    pub folds: Vec<u32>,
    /// Clips that could not be read.
    pub skipped: Skips,
    /// Whether a clip has exactly one label (softmax).
    pub single_label: bool,
    /// Whether the clips of a fold chose the weights that scored them.
    pub optimistic: bool,
}

impl OutOfFold {
    /// The clips of all folds, without the reasons why some could not be read.
    pub(crate) fn of(results: &[FoldResult]) -> Result<Self, MetricsError> {
        let tables = results.iter().map(|r| &r.scores);
        let files = tables.clone().flat_map(ScoreTable::files).cloned().collect();
        let values = tables.flat_map(ScoreTable::values).copied().collect();
        let classes = results.last().map_or(&[][..], |r| r.scores.classes()).to_vec();
        let folds = results.iter().flat_map(|r| vec![r.fold; r.items.len()]);
        Ok(Self {
            scores: ScoreTable::new(files, classes, values)?,
            items: results.iter().flat_map(|r| r.items.clone()).collect(),
            folds: folds.collect(),
            skipped: Skips::new(),
            single_label: results.last().is_some_and(|r| r.single_label),
            optimistic: results.iter().any(|r| r.optimistic),
        })
    }

    /// The scores with the labels as the truth.
    ///
    /// # Errors
    /// None in practice: there is an item for each row.
    pub fn aligned(&self) -> Result<Aligned, MetricsError> {
        with_truth(self.scores.clone(), &self.items)
    }
}

/// The scores of each fold's model for its test clips; folds that are not evaluated yet are evaluated now. `data` is the folder of the
/// clips, by default that of the training. `None` when stopped.
pub fn out_of_fold(
    set: &Path,
    data: Option<&Path>,
    device: &str,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<OutOfFold>, PipelineError> {
    let (mut results, mut skipped) = (Vec::<FoldResult>::new(), Skips::new());
    for (fold, run) in trained_folds(set)? {
        let root = RunDir::open_any(&run)?.info.data.root;
        let data = data.unwrap_or(&root);
        let evaluation = evaluate(&evaluate_own_fold(&run, data, device), observer, stop)?;
        if evaluation.interrupted {
            return Ok(None);
        }
        let result = FoldResult::read(set, fold, &data_of(&run, data)?)?;
        let mut others = results.iter().map(|other| other.scores.classes());
        if others.any(|classes| classes != result.scores.classes()) {
            return Err(PipelineError::Request(format!(
                "{}: its classes differ from those of the other folds; train all of them on the same data",
                run.display()
            )));
        }
        let mut reasons: BTreeMap<String, String> = evaluation.skipped.into_iter().collect();
        for file in &result.skipped {
            let before = || "could not be read when its fold was evaluated".to_owned();
            skipped.push((file.clone(), reasons.remove(file).unwrap_or_else(before)));
        }
        results.push(result);
    }
    let clips = OutOfFold::of(&results)?;
    if clips.optimistic {
        observer(Event::Note(format!(
            "{}: OPTIMISTIC: the clips of each fold chose the weights that score them (validation.split = test-fold)",
            set.display()
        )));
    }
    Ok(Some(OutOfFold { skipped, ..clips }))
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
