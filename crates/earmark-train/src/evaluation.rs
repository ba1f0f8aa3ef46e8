//! A run's checkpoints to results.

use crate::training::prepare_features;
use crate::{Event, Observer, PipelineError, Roles, Skips, reason, split, stacking};
use earmark_core::atomic::{self, WriteError};
use earmark_data::{FeatureStore, Item};
use earmark_engine::checkpoint;
use earmark_engine::evaluation::{
    CheckpointClaim, EvaluationJob, evaluate as evaluate_clips, every_nth, write_result,
};
use earmark_features::Extractor;
use earmark_inference::data::{open_data, open_for_scoring};
use earmark_inference::{Device, Model};
use earmark_metrics::Report;
use earmark_report::human_amount;
use earmark_runs::run_dir::{RunDir, RunError, find_model, is_stack, judged_step};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Which weights of a run are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// Every so many checkpoints, the last one always.
    Every(usize),
    /// Those that a prediction takes: the best ones of validation, else the last.
    Best,
}

/// What to judge.
#[derive(Clone, Debug)]
pub struct EvaluateJob {
    /// The run directory.
    pub run: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The fold to judge; default the run's own.
    pub fold: Option<u32>,
    /// A fold table, where the data has none.
    pub fold_table: Option<PathBuf>,
    /// The part to judge (`test`, `curated`, ...), where there is no fold. Default `test` if the data has it.
    pub part: Option<String>,
    /// Which of its weights.
    pub checkpoints: Checkpoints,
    /// Where results go; default `eval` in the run.
    pub eval_dir: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct EvaluateResult {
    /// Steps judged now, with their results.
    pub judged: Vec<(u64, Report)>,
    /// Steps that were judged before, or that another evaluator is at.
    pub before: Vec<u64>,
    /// Clips left out.
    pub skipped: Skips,
    /// Where the results are.
    pub eval_dir: PathBuf,
    /// Whether it was stopped from outside.
    pub interrupted: bool,
}

/// Judges every checkpoint that is not judged yet.
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
    let items = judged_items(job, &run, fold)?;
    let eval = job.eval_dir.clone().unwrap_or_else(|| run.eval());
    let weights = weights(&run.path, job.checkpoints)?;
    std::fs::create_dir_all(&eval).map_err(|e| WriteError::new(&eval, e))?;
    let own_fold = fold.is_some() && fold == run.info.data.fold;
    remember_data(&eval, &items)?;
    let what = match (&job.part, fold) {
        (Some(part), _) => format!("the part {part}"),
        (None, Some(fold)) => format!("fold {fold}"),
        (None, None) => "the part test".into(),
    };
    let learnt = Roles::read(&run.path)?.map_or(0, |r| r.learnt(&items));
    let of = (run.recipe.name.as_str(), run.info.optimistic);
    let heading = heading(of, &what, own_fold && job.part.is_none(), items.len(), learnt);

    let store = FeatureStore::new(Extractor::new(&run.recipe.front_end)?, &run.recipe.cache)?;
    let mut result = EvaluateResult {
        judged: vec![],
        before: vec![],
        skipped: vec![],
        eval_dir: eval.clone(),
        interrupted: false,
    };
    let mut ready = false;
    for (step, path) in weights {
        let Some(_claim) = CheckpointClaim::take(&eval, step).map_err(|e| WriteError::new(&eval, e))? else {
            result.before.push(step);
            continue;
        };
        if !ready {
            prepare_features(&store, &items, observer, stop)?;
            ready = true;
        }
        if !path.exists() {
            continue; // pruned by a training that goes on
        }
        let model = match Model::open_file(&path, &device) {
            Err(_) if !path.exists() => continue,
            made => made?,
        };
        if model.classes() != run.classes.names() {
            return Err(PipelineError::Request(format!(
                "{}: its classes are not those of {}; one of the two files has been changed or belongs to another run",
                path.display(),
                run.path.join("classes.csv").display()
            )));
        }
        let total = items.len();
        let work = EvaluationJob {
            scorer: model.scorer(),
            items: &items,
            classes: model.classes(),
            workers: store.workers(),
            seed: run.info.seed,
            step,
            stop,
        };
        let judged = evaluate_clips(
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
        let Some(judged) = judged else {
            result.interrupted = true;
            return Ok(result);
        };
        write_result(&eval, step, &judged, &heading)?;
        observer(Event::Evaluated {
            step,
            report: &judged.report,
        });
        if result.judged.is_empty() {
            for s in &judged.skipped {
                observer(Event::Skipped {
                    file: &s.file,
                    reason: &s.reason,
                });
                result.skipped.push((s.file.clone(), s.reason.clone()));
            }
        }
        result.judged.push((step, judged.report));
    }
    Ok(result)
}

/// The steps to judge, with their model files.
pub(super) fn weights(run: &Path, which: Checkpoints) -> Result<Vec<(u64, PathBuf)>, PipelineError> {
    let every = match which {
        Checkpoints::Best => {
            let best = find_model(&run.to_string_lossy())?;
            return Ok(vec![(judged_step(run)?, best)]);
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

/// The clips to judge, with labels in the run's classes.
fn judged_items(job: &EvaluateJob, run: &RunDir, fold: Option<u32>) -> Result<Vec<Item>, PipelineError> {
    let recipe = &run.recipe;
    if fold.is_some() && job.part.is_none() {
        let data = open_data(recipe, &job.data)?.map_to(&run.classes)?;
        let roles = Roles::read(&run.path)?;
        if let Some(roles) = roles
            .as_ref()
            .filter(|_| fold == run.info.data.fold && job.fold_table.is_none())
        {
            return Ok(roles.judged(data.items)?);
        }
        let judged = split(recipe, &data, fold, job.fold_table.as_deref())?.judged;
        return match roles.map_or(0, |r| r.learnt(&judged)) {
            0 => Ok(judged),
            n => Err(PipelineError::Request(format!(
                "{}: has learnt from {n} of the {} clips that would be judged; leave out --fold and --fold-table to judge the clips that it keeps for that",
                run.path.display(),
                judged.len()
            ))),
        };
    }
    let data = open_for_scoring(&recipe.data, &job.data, job.part.as_deref())?.map_to(&run.classes)?;
    let part = match &job.part {
        Some(part) => part.clone(),
        None if data.subsets().contains(&"test") => "test".into(),
        None => {
            let known = data.subsets().join(", ");
            return Err(PipelineError::Request(format!(
                "{}: the run keeps no fold for judging and the data has no part `test`; say what to judge with --part ({known}) or --fold",
                job.data.display()
            )));
        }
    };
    let items = data.select_subsets(&[part])?.items;
    if items.iter().all(|i| i.labels.is_empty()) {
        return Err(PipelineError::Request(format!(
            "{}: the clips to judge have no labels; nothing can be judged by them (use `earmark predict` for scores)",
            job.data.display()
        )));
    }
    Ok(items)
}

/// Results of different clips must not mix in one folder.
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

pub(super) fn heading(
    (name, optimistic): (&str, bool),
    what: &str,
    own_fold: bool,
    clips: usize,
    learnt: usize,
) -> String {
    let mut text = format!("# {name}: {} of {what}\n", human_amount(clips, "clip", "clips"));
    if optimistic && own_fold {
        text.push_str("# OPTIMISTIC: these clips steered the training (validation.split = test-fold)\n");
    } else if learnt > 0 {
        text.push_str(&format!(
            "# OPTIMISTIC: the run has learnt from {learnt} of these clips\n"
        ));
    }
    text
}
