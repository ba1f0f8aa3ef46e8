//! A run's checkpoints to results.

use super::train::{open_data, prepare};
use super::{Event, Observer, PipelineError, Skips, scorer_of, split};
use crate::run_dir::{RunDir, RunError};
use earmark_data::atomic::{self, WriteError};
use earmark_data::{DataSet, FeatureStore, Item};
use earmark_engine::judge::{Claim, every_nth, judge, write_result};
use earmark_engine::checkpoint;
use earmark_features::Extractor;
use earmark_metrics::Report;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What to judge.
#[derive(Clone, Debug)]
pub struct Evaluate {
    /// The run directory.
    pub run: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The fold to judge; default the run's own.
    pub fold: Option<u32>,
    /// A fold table, where the data has none.
    pub folds: Option<PathBuf>,
    /// The part to judge (`test`, `curated`, ...), where there is no fold. Default `test` if the data has it.
    pub part: Option<String>,
    /// Every so many checkpoints, the last one always.
    pub every: usize,
    /// Where results go; default `eval` in the run.
    pub eval_dir: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Evaluated {
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
pub fn evaluate(job: &Evaluate, observer: Observer, stop: &AtomicBool) -> Result<Evaluated, PipelineError> {
    let run = RunDir::open(&job.run)?;
    let fold = job.fold.or(run.info.data.fold);
    let items = judged_items(job, &run, fold)?;
    let eval = job.eval_dir.clone().unwrap_or_else(|| run.eval());
    let steps = checkpoint::list(&run.path).map_err(|e| WriteError::new(&run.path, e))?;
    if steps.is_empty() {
        return Err(RunError::NoWeights(run.path).into());
    }
    std::fs::create_dir_all(&eval).map_err(|e| WriteError::new(&eval, e))?;
    let own_fold = fold.is_some() && fold == run.info.data.fold;
    remember_data(&eval, &items)?;
    let heading = heading(&run, fold, own_fold, items.len());

    let store = FeatureStore::new(Extractor::new(&run.recipe.front_end)?, &run.recipe.cache)?;
    let mut result = Evaluated { judged: vec![], before: vec![], skipped: vec![], eval_dir: eval.clone(), interrupted: false };
    let mut ready = false;
    for step in every_nth(&steps, job.every) {
        let Some(_claim) = Claim::take(&eval, step).map_err(|e| WriteError::new(&eval, e))? else {
            result.before.push(step);
            continue;
        };
        if !ready {
            prepare(&store, &items, observer, stop)?;
            ready = true;
        }
        let path = checkpoint::path(&run.path, step);
        if !path.exists() {
            continue; // pruned by a training that goes on
        }
        let (scorer, classes) = scorer_of(&path, &job.device)?;
        let total = items.len();
        let judged = judge(
            &scorer,
            &items,
            &classes,
            store.workers().count(),
            (run.info.seed, step),
            |item: &Item| store.get(item),
            stop,
            &mut |done, lwlrap| observer(Event::Judging { step, done, total, lwlrap }),
        )?;
        let Some(judged) = judged else {
            result.interrupted = true;
            return Ok(result);
        };
        write_result(&eval, step, &judged, &heading)?;
        observer(Event::Judged { step, report: &judged.report });
        if result.judged.is_empty() {
            for s in &judged.skipped {
                observer(Event::Skipped { file: &s.file, reason: &s.reason });
                result.skipped.push((s.file.clone(), s.reason.clone()));
            }
        }
        result.judged.push((step, judged.report));
    }
    Ok(result)
}

/// The clips to judge, with labels in the run's classes.
fn judged_items(job: &Evaluate, run: &RunDir, fold: Option<u32>) -> Result<Vec<Item>, PipelineError> {
    let mut recipe = run.recipe.clone();
    if fold.is_some() && job.part.is_none() {
        let data = open_data(&recipe, &job.data)?.map_to(&run.classes)?;
        return Ok(split(&recipe, &data, fold, job.folds.as_deref())?.judged);
    }
    recipe.data.parts = job.part.clone().map(|p| vec![p]);
    let data: DataSet = match open_data(&recipe, &job.data) {
        Ok(data) => data,
        // Without --part only the test part is wanted; others may lie elsewhere.
        Err(_) if job.part.is_none() => {
            recipe.data.parts = Some(vec!["test".into()]);
            open_data(&recipe, &job.data)?
        }
        Err(e) => return Err(e),
    };
    let data = data.map_to(&run.classes)?;
    let part = match &job.part {
        Some(part) => part.clone(),
        None if data.parts().contains(&"test") => "test".into(),
        None => {
            let known = data.parts().join(", ");
            return Err(PipelineError::Request(format!(
                "{}: the run keeps no fold for judging and the data has no part `test`; say what to judge with --part ({known}) or --fold",
                job.data.display()
            )));
        }
    };
    let items = data.select_parts(&[part])?.items;
    if items.iter().all(|i| i.labels.is_empty()) {
        return Err(PipelineError::Request(format!(
            "{}: the clips to judge have no labels; nothing can be judged by them (use `earmark predict` for scores)",
            job.data.display()
        )));
    }
    Ok(items)
}

/// Results of different clips must not mix in one folder.
fn remember_data(eval: &Path, items: &[Item]) -> Result<(), PipelineError> {
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
        Err(_) => Ok(atomic::write(&path, |w| w.write_all(text.as_bytes()))?),
    }
}

fn heading(run: &RunDir, fold: Option<u32>, own_fold: bool, clips: usize) -> String {
    let what = fold.map_or("the test part".into(), |f| format!("fold {f}"));
    let mut text = format!("# {}: {clips} clips of {what}\n", run.recipe.name);
    if run.info.optimistic && own_fold {
        text.push_str("# OPTIMISTIC: these clips steered the training (validation.split = judged-fold)\n");
    }
    text
}
