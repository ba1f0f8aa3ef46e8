//! Evaluating a run's checkpoints on its test clips.

use crate::training::prepare_features;
use crate::{ClipRoles, Event, Observer, PipelineError, Skips, reason, split, stacking};
use earmark_core::atomic::{self, WriteError};
use earmark_data::{FeatureStore, Item};
use earmark_engine::checkpoint;
use earmark_engine::evaluation::{
    CheckpointClaim, Evaluation, EvaluationJob, evaluate as evaluate_clips, every_nth, write_result,
};
use earmark_features::Extractor;
use earmark_inference::data::{open_data, open_for_scoring};
use earmark_inference::{Device, Model};
use earmark_metrics::Report;
use earmark_report::human_amount;
use earmark_runs::run_dir::{RunDir, RunError, best_step, find_model, is_stack};
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
    let fold = job.fold.or(run.info.data.fold);
    let items = test_items(job, &run, fold)?;
    let eval = job.eval_dir.clone().unwrap_or_else(|| run.eval());
    let weights = weights(&run.path, job.checkpoints)?;
    std::fs::create_dir_all(&eval).map_err(|e| WriteError::new(&eval, e))?;
    remember_data(&eval, &items)?;
    let heading = heading_of(job, &run, fold, &items)?;
    let store = FeatureStore::new(Extractor::new(&run.recipe.front_end)?, &run.recipe.cache)?;
    let mut result = EvaluateResult {
        eval_dir: eval.clone(),
        ..EvaluateResult::default()
    };
    let mut ready = false;
    for (step, path) in weights {
        let Some(_claim) = CheckpointClaim::take(&eval, step).map_err(|e| WriteError::new(&eval, e))? else {
            result.already_evaluated.push(step);
            continue;
        };
        if !ready {
            prepare_features(&store, &items, observer, stop)?;
            ready = true;
        }
        // A training that is still running may remove the checkpoint.
        if !path.exists() {
            continue;
        }
        let model = match open_model(&path, &run, &device) {
            Err(_) if !path.exists() => continue,
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
        let total = items.len();
        let evaluation = evaluate_clips(
            &work,
            |item: &Item| store.get(item, None).map_err(|e| reason(item, &e)),
            &mut |done, lwlrap| {
                observer(Event::Evaluating {
                    step,
                    done,
                    total,
                    lwlrap,
                })
            },
        )?;
        let Some(evaluation) = evaluation else {
            result.interrupted = true;
            return Ok(result);
        };
        write_result(&eval, step, &evaluation, &heading)?;
        result.add(step, evaluation, observer);
    }
    Ok(result)
}

impl EvaluateResult {
    /// Adds a checkpoint; the clips that its evaluation skipped are those of every other one too, and named once.
    pub(super) fn add(&mut self, step: u64, evaluation: Evaluation, observer: Observer) {
        observer(Event::Evaluated {
            step,
            report: &evaluation.report,
        });
        if self.evaluated.is_empty() {
            for s in evaluation.skipped {
                observer(Event::Skipped {
                    file: &s.file,
                    reason: &s.reason,
                });
                self.skipped.push((s.file, s.reason));
            }
        }
        self.evaluated.push((step, evaluation.report));
    }
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
pub(super) fn weights(run: &Path, which: Checkpoints) -> Result<Vec<(u64, PathBuf)>, PipelineError> {
    let every = match which {
        Checkpoints::Best => {
            let best = find_model(&run.to_string_lossy())?;
            return Ok(vec![(best_step(run)?, best)]);
        }
        Checkpoints::Every(every) => every,
    };
    let steps = checkpoint::list(run).map_err(|e| WriteError::new(run, e))?;
    if steps.is_empty() {
        return Err(RunError::NoWeights(run.into()).into());
    }
    let wanted = every_nth(&steps, every).into_iter();
    Ok(wanted.map(|step| (step, checkpoint::path(run, step))).collect())
}

/// The clips to evaluate on, with labels in the run's classes.
fn test_items(job: &EvaluateJob, run: &RunDir, fold: Option<u32>) -> Result<Vec<Item>, PipelineError> {
    let recipe = &run.recipe;
    if fold.is_some() && job.subset.is_none() {
        let data = open_data(recipe, &job.data)?.map_to(&run.classes)?;
        let roles = ClipRoles::read(&run.path)?;
        if let Some(roles) = roles
            .as_ref()
            .filter(|_| fold == run.info.data.fold && job.fold_table.is_none())
        {
            return Ok(roles.test_clips(data.items)?);
        }
        let test = split(recipe, &data, fold, job.fold_table.as_deref())?.test;
        return match roles.map_or(0, |r| r.count_trained_on(&test)) {
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
pub(super) fn remember_data(eval: &Path, items: &[Item]) -> Result<(), PipelineError> {
    let mut text = String::new();
    for item in items {
        text.push_str(&format!("{} {:?}\n", item.file, item.labels));
    }
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

/// The heading for the clips of a job.
fn heading_of(
    job: &EvaluateJob,
    run: &RunDir,
    fold: Option<u32>,
    items: &[Item],
) -> Result<String, PipelineError> {
    let clips = match (&job.subset, fold) {
        (Some(subset), _) => format!("the subset {subset}"),
        (None, Some(fold)) => format!("fold {fold}"),
        (None, None) => "the subset test".into(),
    };
    let own_fold = job.subset.is_none() && fold.is_some() && fold == run.info.data.fold;
    let trained_on = ClipRoles::read(&run.path)?.map_or(0, |r| r.count_trained_on(items));
    let mut text = heading(&run.recipe.name, items.len(), &clips);
    if run.info.optimistic && own_fold {
        text.push_str(DROVE_TRAINING);
    } else if trained_on > 0 {
        text.push_str(&format!(
            "# OPTIMISTIC: the run was trained on {trained_on} of these clips\n"
        ));
    }
    Ok(text)
}

/// A line of the heading.
pub(super) const DROVE_TRAINING: &str =
    "# OPTIMISTIC: these clips drove the training (validation.split = test-fold)\n";

/// The first line of a text of results.
pub(super) fn heading(recipe: &str, count: usize, clips: &str) -> String {
    format!(
        "# {recipe}: {} of {clips}\n",
        human_amount(count, "clip", "clips")
    )
}
