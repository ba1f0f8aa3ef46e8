//! Every fold in turn: a run each, judged on its own fold, and what they say together.

pub(crate) use report::FoldResult;
pub use report::{FoldLine, FoldsReport, Spread};

mod report;

use crate::split::with_folds;
use crate::stacking;
use crate::training::check_same_job;
use crate::{Checkpoints, EvaluateJob, Event, Observer, PipelineError, Skips, TrainJob, evaluate, train};
use earmark_core::atomic::{self, WriteError};
use earmark_data::{DataSet, Item};
use earmark_engine::evaluation::scores_path;
use earmark_inference::data::open_data;
use earmark_metrics::ScoreTable;
use earmark_recipe::Recipe;
use earmark_report::human_amount;
use earmark_runs::journal::{State, Status};
use earmark_runs::roles::own_fold;
use earmark_runs::run_dir::{
    RunDir, RunHead, RunLock, fold_run, fold_runs, folds_path, is_stack, judged_step, planned_steps,
};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Which folds are trained and judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldSet {
    /// Every fold there is.
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
                "give `all`, or numbers with commas between them, such as 1,3,5 (a table of folds is given by --fold-table)"
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
            "--folds all: this data has {}; at least 2 are needed, one to judge and one to train on",
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

/// What came of it.
#[derive(Clone, Debug)]
pub struct CrossValidated {
    /// All folds together; none when it was stopped before the last one was judged.
    pub report: Option<FoldsReport>,
    /// The folds asked for.
    pub folds: Vec<u32>,
    /// Clips left out in some fold.
    pub skipped: Skips,
}

/// Trains the folds one after the other, each into `fold-K` of the run directory, judges each with its best weights on the fold
/// that it did not see, and writes `folds.json`. With `job.resume`, folds that are done are passed over and one that is not goes on.
/// `job.fold` is not looked at.
pub fn train_folds(
    job: &TrainJob,
    set: &FoldSet,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<CrossValidated, PipelineError> {
    let data = open_data(&job.recipe, &job.data)?;
    let folds = folds_in(&job.recipe, &data, job.fold_table.as_deref(), set)?;
    if job.run.join("run.json").exists() {
        return Err(PipelineError::Request(format!(
            "{}: holds a single run; choose another folder for --folds with --run",
            job.run.display()
        )));
    }
    if !job.resume {
        RunDir::check_free(&job.run)?;
    }
    let _lock = RunLock::take(&job.run)?;
    if !job.resume {
        // Another training may have begun and ended here since.
        RunDir::check_free(&job.run)?;
    }
    atomic::clean_leftovers(&job.run).map_err(|e| WriteError::new(&job.run, e))?;
    let mut done = CrossValidated {
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
        let judged = evaluate(
            &evaluate_own_fold(&one.run, &job.data, &job.device),
            observer,
            stop,
        )?;
        skip(&mut done.skipped, judged.skipped);
        if judged.interrupted {
            return Ok(done);
        }
    }
    let data = data.map_to(&RunDir::open(&fold_run(&job.run, folds[0]))?.classes)?;
    let mut results = Vec::new();
    for &fold in &folds {
        results.push(FoldResult::read(&job.run, fold, &data)?);
    }
    let report = FoldsReport::of(&job.recipe.name, results)?;
    write_report(&job.run, &report)?;
    done.report = Some(report);
    Ok(done)
}

/// Writes `folds.json`.
pub(super) fn write_report(set: &Path, report: &FoldsReport) -> Result<(), PipelineError> {
    Ok(atomic::write(&folds_path(set), |w| {
        serde_json::to_writer_pretty(&mut *w, report)?;
        w.write_all(b"\n")
    })?)
}

/// Whether a fold is trained to its end, as this job would have it. A run of other settings or data is refused.
fn is_finished(job: &TrainJob, fingerprint: &str) -> Result<bool, PipelineError> {
    if !job.resume || !job.run.join("run.json").exists() {
        return Ok(false);
    }
    let run = RunDir::open(&job.run)?;
    let steps = planned_steps(&job.run, &run.info, &run.recipe.train);
    let status = Status::of(&job.run, 0, steps);
    if !matches!(status.state, State::Finished | State::StoppedEarly { .. }) {
        return Ok(false);
    }
    check_same_job(&run, job)?;
    // Other data is refused there, with the reason.
    Ok(run.info.data.fingerprint == fingerprint)
}

/// Judging a run's best weights on the fold that it keeps.
pub(super) fn evaluate_own_fold(run: &Path, data: &Path, device: &str) -> EvaluateJob {
    EvaluateJob {
        run: run.into(),
        data: data.into(),
        fold: None,
        fold_table: None,
        part: None,
        checkpoints: Checkpoints::Best,
        eval_dir: None,
        device: device.into(),
    }
}

/// The clips of a set of folds, each scored by the model that did not see it.
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

/// The scores that each run of a set gives the fold that it keeps; folds that are not judged yet are judged now. `data` is where
/// the clips are, by default where they were in training. `None` when stopped.
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
            "{}: holds no folds; `earmark train ... --folds all --run {0}` makes them",
            set.display()
        )));
    }
    let (mut items, mut folds, mut files, mut values) = (vec![], vec![], vec![], vec![]);
    let mut classes: Option<Vec<String>> = None;
    let (mut skipped, mut single_label) = (Skips::new(), false);
    for (fold, path) in runs {
        let run = RunHead::open(&path)?;
        single_label = run.single_label;
        let data = data.unwrap_or(&run.info.data.root);
        let judged = evaluate(&evaluate_own_fold(&path, data, device), observer, stop)?;
        if judged.interrupted {
            return Ok(None);
        }
        let table = own_scores(&path)?;
        let first = classes.get_or_insert_with(|| table.classes().to_vec());
        if *first != table.classes() {
            return Err(PipelineError::Request(format!(
                "{}: its classes are not those of the other folds; train all of them on the same data",
                path.display()
            )));
        }
        let mut reasons: BTreeMap<String, String> = judged.skipped.into_iter().collect();
        let rows: HashMap<&str, &[f32]> = table.rows().collect();
        for item in own_fold(&path, &data_of(&path, data)?.map_to(&run.classes)?)? {
            let Some(row) = rows.get(item.file.as_str()) else {
                let reason = reasons.remove(&item.file);
                let before = "could not be read when its fold was judged";
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

/// The data folder, read as a run reads it; one of the second level reads it as its first input does.
pub(super) fn data_of(run: &Path, data: &Path) -> Result<DataSet, PipelineError> {
    if is_stack(run) {
        return stacking::data_of(run, data);
    }
    open_data(&RunDir::open(run)?.recipe, data)
}

/// The scores that a run's best weights gave the fold that it keeps.
pub(super) fn own_scores(run: &Path) -> Result<ScoreTable, PipelineError> {
    Ok(ScoreTable::read(scores_path(
        &run.join("eval"),
        judged_step(run)?,
    ))?)
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
