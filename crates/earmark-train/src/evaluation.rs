//! Evaluating a run's checkpoints on its test clips.

use crate::training::prepare_clips;
use crate::{Event, Observer, PipelineError, Skips, SplitTable, reason, split, stacking};
use earmark_core::atomic::{self, WriteError};
use earmark_core::human::human_amount;
use earmark_data::feature_store::CachedForm;
use earmark_data::{FeatureStore, Item};
use earmark_engine::checkpoint;
use earmark_engine::evaluation::{
    CheckpointClaim, Evaluation, EvaluationJob, evaluate as evaluate_clips, every_nth, write_result,
};
use earmark_features::Extractor;
use earmark_inference::data::{open_data, open_for_scoring};
use earmark_inference::{Device, Model};
use earmark_metrics::{Aligned, MetricsError, Report, ScoreTable};
use earmark_runs::run_dir::{RunDir, RunError, best_step, find_model, is_stack};
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Which weights of a run are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// Every N-th checkpoint, and always the last one.
    Every(usize),
    /// Those that a prediction takes: the best ones in validation, else the last.
    Best,
}

/// What to evaluate.
#[derive(Clone, Debug)]
pub struct EvaluateJob {
    /// The run directory.
    pub run: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The fold to evaluate on; default: the run's test fold.
    pub fold: Option<u32>,
    /// A fold table, if the data has none.
    pub fold_table: Option<PathBuf>,
    /// The subset to evaluate on (`test`, `curated`, ...) instead of a fold. Default: `test`, if the data has it.
    pub subset: Option<String>,
    /// Which weights to evaluate.
    pub checkpoints: Checkpoints,
    /// Folder of the results; default: `eval` in the run.
    pub eval_dir: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}

/// The results of an evaluation.
#[derive(Clone, Debug, Default)]
pub struct EvaluateResult {
    /// Steps evaluated now, with their results.
    pub evaluated: Vec<(u64, Report)>,
    /// Steps that were evaluated before, or that another process is evaluating.
    pub already_evaluated: Vec<u64>,
    /// Clips left out.
    pub skipped: Skips,
    /// Folder of the results.
    pub eval_dir: PathBuf,
    /// Whether it was stopped from outside.
    pub interrupted: bool,
}

/// Evaluates every checkpoint that has not been evaluated yet.
///
/// # Errors
///
/// When run, data or weights can't be read, or the run was trained on the clips to evaluate on.
pub fn evaluate(
    job: &EvaluateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    if is_stack(&job.run) {
        return stacking::evaluate(job, observer, stop);
    }
    let device = Device::named(&job.device)?;
    let run = RunDir::open(&job.run)?;
    let items = test_items(job, &run)?;
    let heading = heading(job, &run, &run.recipe.name, &items)?;
    let store = FeatureStore::new(Extractor::new(&run.recipe.front_end)?, &run.recipe.cache)?;
    let mut ready = false;
    evaluate_each(job, &items, &heading, observer, |step, path| {
        if !ready {
            prepare_clips(CachedForm::Features, &store, &items, observer, stop)?;
            ready = true;
        }
        let model = match open_model(path, &run, &device) {
            // A training that is still running may have removed the checkpoint.
            Err(_) if !path.exists() => return Ok(Continue(None)),
            opened => opened?,
        };
        let work = EvaluationJob {
            scorer: model.scorer(),
            items: &items,
            classes: model.classes(),
            workers: store.workers(),
            seed: run.info.seed,
            step,
            stop,
        };
        let fetch = |item: &Item| store.get(item, None).map_err(|e| reason(item, &e));
        let total = items.len();
        let evaluation = evaluate_clips(&work, fetch, &mut |done, lwlrap| {
            observer(Event::Evaluating {
                step,
                done,
                total,
                lwlrap,
            })
        })?;
        Ok(evaluation.map_or(Break(()), |evaluation| Continue(Some(evaluation))))
    })
}

/// Evaluates each checkpoint of a job that has not been evaluated yet. `score` gives `None` for one that is gone, and breaks when it was
/// stopped.
pub(super) fn evaluate_each(
    job: &EvaluateJob,
    items: &[Item],
    heading: &str,
    observer: Observer,
    mut score: impl FnMut(u64, &Path) -> Result<ControlFlow<(), Option<Evaluation>>, PipelineError>,
) -> Result<EvaluateResult, PipelineError> {
    let weights = weights(&job.run, job.checkpoints)?;
    let mut result = EvaluateResult::nothing(job);
    let eval = result.eval_dir.clone();
    std::fs::create_dir_all(&eval).map_err(|e| WriteError::new(&eval, e))?;
    remember_data(&eval, items)?;
    for (step, path) in weights {
        let Some(_claim) = CheckpointClaim::take(&eval, step).map_err(|e| WriteError::new(&eval, e))? else {
            result.already_evaluated.push(step);
            continue;
        };
        match score(step, &path)? {
            Break(()) => return Ok(result),
            Continue(None) => {}
            Continue(Some(evaluation)) => {
                write_result(&eval, step, &evaluation, heading)?;
                result.add(step, evaluation, observer);
            }
        }
    }
    result.interrupted = false;
    Ok(result)
}

impl EvaluateResult {
    /// The result of a job that was stopped before it evaluated anything.
    pub(super) fn nothing(job: &EvaluateJob) -> Self {
        Self {
            eval_dir: job.eval_dir.clone().unwrap_or_else(|| job.run.join("eval")),
            interrupted: true,
            ..Self::default()
        }
    }

    /// Adds a checkpoint; the clips that its evaluation skipped are those of every other one too, and named once.
    fn add(&mut self, step: u64, evaluation: Evaluation, observer: Observer) {
        let report = &evaluation.report;
        observer(Event::Evaluated { step, report });
        if self.evaluated.is_empty() {
            for skipped in evaluation.skipped {
                let (file, reason) = (&skipped.file, &skipped.reason);
                observer(Event::Skipped { file, reason });
                self.skipped.push((skipped.file, skipped.reason));
            }
        }
        self.evaluated.push((step, evaluation.report));
    }
}

/// Scores of clips with their labels as the truth.
pub(crate) fn with_truth(scores: ScoreTable, items: &[Item]) -> Result<Aligned, MetricsError> {
    let classes = scores.classes().len();
    let truth = items.iter().flat_map(|item| item.multi_hot(classes));
    let truth = truth.map(|v| v > 0.0).collect();
    Aligned::from_rows(scores, truth)
}

/// A model of the run, with the run's classes.
fn open_model(path: &Path, run: &RunDir, device: &Device) -> Result<Model, PipelineError> {
    let model = Model::open_file(path, device)?;
    if model.classes() != run.classes.names() {
        return Err(PipelineError::Request(format!(
            "{}: its classes differ from those of {}; one of the two files was changed or belongs to another run",
            path.display(),
            run.path.join("classes.csv").display()
        )));
    }
    Ok(model)
}

/// The steps to evaluate, with their model files.
fn weights(run: &Path, which: Checkpoints) -> Result<Vec<(u64, PathBuf)>, PipelineError> {
    let Checkpoints::Every(every) = which else {
        let best = find_model(&run.to_string_lossy())?;
        return Ok(vec![(best_step(run)?, best)]);
    };
    let steps = checkpoint::list(run).map_err(|e| WriteError::new(run, e))?;
    if steps.is_empty() {
        return Err(RunError::NoWeights(run.into()).into());
    }
    let wanted = every_nth(&steps, every).into_iter();
    Ok(wanted.map(|step| (step, checkpoint::path(run, step))).collect())
}

/// The clips to evaluate on, with labels in the run's classes.
fn test_items(job: &EvaluateJob, run: &RunDir) -> Result<Vec<Item>, PipelineError> {
    let recipe = &run.recipe;
    let fold = job.fold.or(run.info.data.fold);
    if fold.is_some() && job.subset.is_none() {
        let data = open_data(recipe, &job.data)?.map_to(&run.classes)?;
        let table = SplitTable::read(&run.path)?;
        let own_split = fold == run.info.data.fold && job.fold_table.is_none();
        if let Some(table) = table.as_ref().filter(|_| own_split) {
            return Ok(table.test_clips(data.items)?);
        }
        let test = split(recipe, &data, fold, job.fold_table.as_deref())?.test;
        return match table.map_or(0, |table| table.count_trained_on(&test)) {
            0 => Ok(test),
            n => Err(PipelineError::Request(format!(
                "{}: was trained on {n} of the {} clips to evaluate; leave out --fold and --fold-table to evaluate it on its test clips",
                run.path.display(),
                test.len()
            ))),
        };
    }
    let data = open_for_scoring(&recipe.data, &job.data, job.subset.as_deref())?.map_to(&run.classes)?;
    let subset = match &job.subset {
        Some(subset) => subset.clone(),
        None if data.subsets().contains(&"test") => "test".into(),
        None => {
            let known = data.subsets().join(", ");
            return Err(PipelineError::Request(format!(
                "{}: the run has no test fold and the data has no subset `test`; choose the clips to evaluate with --subset ({known}) or --fold",
                job.data.display()
            )));
        }
    };
    let items = data.select_subsets(&[subset])?.items;
    if items.iter().all(|i| i.labels.is_empty()) {
        return Err(PipelineError::Request(format!(
            "{}: the clips to evaluate have no labels; use `earmark predict` for scores",
            job.data.display()
        )));
    }
    Ok(items)
}

/// Writes `clips.txt`, or checks it: results on different clips must not mix in one folder.
fn remember_data(eval: &Path, items: &[Item]) -> Result<(), PipelineError> {
    let line = |item: &Item| format!("{} {:?}\n", item.file, item.labels);
    let text: String = items.iter().map(line).collect();
    let path = eval.join("clips.txt");
    match std::fs::read_to_string(&path) {
        Ok(before) if before == text => Ok(()),
        Ok(_) => Err(PipelineError::Request(format!(
            "{}: holds results on other clips or labels; choose another folder with --eval-dir",
            eval.display()
        ))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Ok(atomic::write(&path, |w| w.write_all(text.as_bytes()))?)
        }
        Err(e) => Err(PipelineError::Request(format!(
            "{}: cannot be read: {e}",
            path.display()
        ))),
    }
}

/// The lines above the results on the clips of a job.
pub(super) fn heading<R>(
    job: &EvaluateJob,
    run: &RunDir<R>,
    recipe: &str,
    items: &[Item],
) -> Result<String, PipelineError> {
    let fold = job.fold.or(run.info.data.fold);
    let clips = match (&job.subset, fold) {
        (Some(subset), _) => format!("the subset {subset}"),
        (None, Some(fold)) => format!("fold {fold}"),
        (None, None) => "the subset test".into(),
    };
    let count = human_amount(items.len(), "clip", "clips");
    let mut text = format!("# {recipe}: {count} of {clips}\n");
    let own_fold = job.subset.is_none() && fold.is_some() && fold == run.info.data.fold;
    let trained_on = SplitTable::read(&run.path)?.map_or(0, |table| table.count_trained_on(items));
    if run.info.optimistic && own_fold {
        text.push_str("# OPTIMISTIC: these clips drove the training (validation.split = test-fold)\n");
    } else if trained_on > 0 {
        text += &format!("# OPTIMISTIC: the run was trained on {trained_on} of these clips\n");
    }
    Ok(text)
}
