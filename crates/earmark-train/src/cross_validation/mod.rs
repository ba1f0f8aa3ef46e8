//! Cross-validation: a run per fold, each evaluated on its test fold, and their results together.

pub(crate) use report::FoldResult;
pub use report::{CrossValidationReport, FoldMetrics, MetricSpread};

mod report;

use crate::stacking;
use crate::training::check_same_job;
use crate::validation_split::with_folds;
use crate::{Checkpoints, EvaluateJob, Event, Observer, PipelineError, Skips, TrainJob, evaluate, train};
use earmark_core::atomic;
use earmark_data::{DataSet, Item};
use earmark_engine::evaluation::scores_path;
use earmark_inference::data::open_data;
use earmark_metrics::ScoreTable;
use earmark_recipe::Recipe;
use earmark_report::human_amount;
use earmark_runs::clip_roles::test_clips;
use earmark_runs::experiment_log::{RunState, RunStatus};
use earmark_runs::run_dir::{
    RunDir, RunOverview, best_step, fold_run, fold_runs, folds_path, is_stack, planned_steps,
};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Which folds are trained and evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldSet {
    /// All folds.
    All,
    /// These, ascending.
    These(Vec<u32>),
}

impl std::str::FromStr for FoldSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let mut folds: Vec<u32> = text
            .split(',')
            .map(|word| word.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| {
                "give `all`, or numbers separated by commas, such as 1,3,5 (give a table of folds with --fold-table)"
                    .to_owned()
            })?;
        folds.sort_unstable();
        folds.dedup();
        Ok(Self::These(folds))
    }
}

/// The folds that `set` means in this data.
pub fn folds_of(
    recipe: &Recipe,
    data: &Path,
    table: Option<&Path>,
    set: &FoldSet,
) -> Result<Vec<u32>, PipelineError> {
    folds_in(recipe, &open_data(recipe, data)?, table, set)
}

fn folds_in(
    recipe: &Recipe,
    data: &DataSet,
    table: Option<&Path>,
    set: &FoldSet,
) -> Result<Vec<u32>, PipelineError> {
    let known = with_folds(recipe, data, true, table)?.folds();
    match set {
        FoldSet::All if known.len() < 2 => Err(PipelineError::Request(format!(
            "--folds all: this data has {}; cross-validation needs at least 2",
            human_amount(known.len(), "fold", "folds")
        ))),
        FoldSet::All => Ok(known),
        FoldSet::These(folds) => match folds.iter().find(|fold| !known.contains(fold)) {
            None => Ok(folds.clone()),
            Some(fold) => {
                let known: Vec<String> = known.iter().map(u32::to_string).collect();
                Err(PipelineError::Request(format!(
                    "--folds: there is no fold {fold}; there are {}",
                    known.join(", ")
                )))
            }
        },
    }
}

/// The results of a cross-validation.
#[derive(Clone, Debug)]
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
    let data = open_data(&job.recipe, &job.data)?;
    let folds = folds_in(&job.recipe, &data, job.fold_table.as_deref(), set)?;
    if job.run.join("run.json").exists() {
        return Err(PipelineError::Request(format!(
            "{}: holds a single run; choose another folder for --folds with --run",
            job.run.display()
        )));
    }
    let _lock = RunDir::lock_folder(&job.run, job.resume)?;
    let mut done = CrossValidationResult {
        report: None,
        folds: folds.clone(),
        skipped: Vec::new(),
    };
    let skip = |all: &mut Skips, more: Skips| {
        for skip in more {
            if !all.contains(&skip) {
                all.push(skip);
            }
        }
    };
    let fingerprint = data.fingerprint()?;
    for (k, &fold) in folds.iter().enumerate() {
        let one = TrainJob {
            fold: Some(fold),
            run: fold_run(&job.run, fold),
            ..job.clone()
        };
        let finished = is_finished(&one, &fingerprint)?;
        observer(Event::Note(format!("fold {fold}, {} of {}", k + 1, folds.len())));
        if finished {
            observer(Event::Note(format!("fold {fold} is trained already")));
            skip(&mut done.skipped, RunDir::open(&one.run)?.info.data.skipped);
        } else {
            let trained = train(&one, observer, stop)?;
            skip(&mut done.skipped, trained.skipped);
            if trained.outcome.interrupted {
                return Ok(done);
            }
        }
        let evaluation = evaluate(
            &evaluate_own_fold(&one.run, &job.data, &job.device),
            observer,
            stop,
        )?;
        skip(&mut done.skipped, evaluation.skipped);
        if evaluation.interrupted {
            return Ok(done);
        }
    }
    let data = data.map_to(&RunDir::open(&fold_run(&job.run, folds[0]))?.classes)?;
    let mut results = Vec::new();
    for &fold in &folds {
        results.push(FoldResult::read(&job.run, fold, &data)?);
    }
    let report = CrossValidationReport::of(&job.recipe.name, results)?;
    write_report(&job.run, &report)?;
    done.report = Some(report);
    Ok(done)
}

/// Writes `folds.json`.
pub(super) fn write_report(set: &Path, report: &CrossValidationReport) -> Result<(), PipelineError> {
    Ok(atomic::write(&folds_path(set), |w| {
        serde_json::to_writer_pretty(&mut *w, report)?;
        w.write_all(b"\n")
    })?)
}

/// Whether a fold is already trained with the settings of this job. A run with other settings or data is refused.
fn is_finished(job: &TrainJob, fingerprint: &str) -> Result<bool, PipelineError> {
    if !job.resume || !job.run.join("run.json").exists() {
        return Ok(false);
    }
    let run = RunDir::open(&job.run)?;
    let steps = planned_steps(&job.run, &run.info, &run.recipe.train);
    let status = RunStatus::of(&job.run, 0, steps);
    if !matches!(status.state, RunState::Finished | RunState::StoppedEarly { .. }) {
        return Ok(false);
    }
    check_same_job(&run, job)?;
    // Other data is refused by the training, with the reason.
    Ok(run.info.data.fingerprint == fingerprint)
}

/// The evaluation of a run's best weights on its test fold.
pub(super) fn evaluate_own_fold(run: &Path, data: &Path, device: &str) -> EvaluateJob {
    EvaluateJob {
        run: run.into(),
        data: data.into(),
        fold: None,
        fold_table: None,
        subset: None,
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
    let runs = fold_runs(set)?;
    if runs.is_empty() {
        return Err(PipelineError::Request(format!(
            "{}: holds no folds; train them with `earmark train ... --folds all --run {0}`",
            set.display()
        )));
    }
    let (mut items, mut folds, mut files, mut values) = (vec![], vec![], vec![], vec![]);
    let mut classes: Option<Vec<String>> = None;
    let (mut skipped, mut single_label) = (Skips::new(), false);
    for (fold, path) in runs {
        let run = RunOverview::open(&path)?;
        single_label = run.single_label;
        let data = data.unwrap_or(&run.info.data.root);
        let evaluation = evaluate(&evaluate_own_fold(&path, data, device), observer, stop)?;
        if evaluation.interrupted {
            return Ok(None);
        }
        let table = own_scores(&path)?;
        let first = classes.get_or_insert_with(|| table.classes().to_vec());
        if *first != table.classes() {
            return Err(PipelineError::Request(format!(
                "{}: its classes differ from those of the other folds; train all of them on the same data",
                path.display()
            )));
        }
        let mut reasons: BTreeMap<String, String> = evaluation.skipped.into_iter().collect();
        let rows: HashMap<&str, &[f32]> = table.rows().collect();
        for item in test_clips(&path, &data_of(&path, data)?.map_to(&run.classes)?)? {
            let Some(row) = rows.get(item.file.as_str()) else {
                let reason = reasons.remove(&item.file);
                let before = "could not be read when its fold was evaluated";
                skipped.push((item.file, reason.unwrap_or_else(|| before.into())));
                continue;
            };
            files.push(item.file.clone());
            values.extend_from_slice(row);
            items.push(item);
            folds.push(fold);
        }
    }
    Ok(Some(OutOfFold {
        scores: ScoreTable::new(files, classes.unwrap_or_default(), values)?,
        items,
        folds,
        skipped,
        single_label,
    }))
}

/// The data folder, read as a run reads it; a stacked run reads it as its first input does.
pub(super) fn data_of(run: &Path, data: &Path) -> Result<DataSet, PipelineError> {
    if is_stack(run) {
        return stacking::data_of(run, data);
    }
    open_data(&RunDir::open(run)?.recipe, data)
}

/// The scores of a run's best weights for its test fold.
pub(super) fn own_scores(run: &Path) -> Result<ScoreTable, PipelineError> {
    Ok(ScoreTable::read(scores_path(&run.join("eval"), best_step(run)?))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_named_by_all_or_by_numbers() {
        assert_eq!("all".parse(), Ok(FoldSet::All));
        assert_eq!("3, 1,3".parse(), Ok(FoldSet::These(vec![1, 3])));
        for bad in ["", "folds.csv", "1,", "-1"] {
            let error = bad.parse::<FoldSet>().unwrap_err();
            assert!(error.contains("--fold-table"), "{bad}: {error}");
        }
    }
}
