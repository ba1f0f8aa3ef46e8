//! Evaluating stacked runs on their test fold.

use super::inputs::{Inputs, gather};
use crate::evaluation::{heading, remember_data, weights};
use crate::{EvaluateJob, EvaluateResult, Event, Observer, PipelineError, Roles};
use earmark_core::atomic::WriteError;
use earmark_data::Item;
use earmark_engine::RowScorer;
use earmark_engine::evaluation::{CheckpointClaim, Evaluation, write_result};
use earmark_inference::Device;
use earmark_inference::model::ModelSource;
use earmark_inference::model::inputs_of;
use earmark_metrics::{Aligned, MetricsError, Report, ReportOptions, ScoreTable};
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::RunDir;
use std::sync::atomic::{AtomicBool, Ordering};

/// Judges every checkpoint of a second-level run that is not judged yet, on the fold that it keeps.
pub(crate) fn evaluate(
    job: &EvaluateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    let run = RunDir::<StackRecipe>::open_as(&job.run)?;
    let others = job.part.is_some()
        || job.fold_table.is_some()
        || job.fold.is_some_and(|f| Some(f) != run.info.data.fold);
    if others {
        return Err(PipelineError::Request(format!(
            "{}: a second-level run is judged on the fold that it keeps; leave out --fold, --fold-table and --part (other clips: `earmark predict`, then `earmark score`)",
            job.run.display()
        )));
    }
    let sets = inputs_of(&run.path, &run.recipe);
    match gather(&sets, Some(&job.data), &job.device, observer, stop)? {
        Some(inputs) => evaluate_with(job, &run, &inputs, observer, stop),
        None => Ok(nothing(job, &run)),
    }
}

fn nothing(job: &EvaluateJob, run: &RunDir<StackRecipe>) -> EvaluateResult {
    EvaluateResult {
        judged: vec![],
        before: vec![],
        skipped: vec![],
        eval_dir: job.eval_dir.clone().unwrap_or_else(|| run.eval()),
        interrupted: true,
    }
}

/// The same with inputs that are there.
pub(super) fn evaluate_with(
    job: &EvaluateJob,
    run: &RunDir<StackRecipe>,
    inputs: &Inputs,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    let mut result = nothing(job, run);
    let device = Device::named(&job.device)?;
    let eval = result.eval_dir.clone();
    let items = match Roles::read(&run.path)? {
        Some(roles) => roles.judged(inputs.items.clone())?,
        None => return Err(super::inputs::no_inputs(&run.path)),
    };
    std::fs::create_dir_all(&eval).map_err(|e| WriteError::new(&eval, e))?;
    remember_data(&eval, &items)?;
    let what = format!("fold {}", run.info.data.fold.unwrap_or_default());
    let of = (run.recipe.name.as_str(), run.info.optimistic);
    let heading = heading(of, &what, true, items.len(), 0);
    for (step, path) in weights(&run.path, job.checkpoints)? {
        if stop.load(Ordering::Relaxed) {
            return Ok(result);
        }
        let Some(_claim) = CheckpointClaim::take(&eval, step).map_err(|e| WriteError::new(&eval, e))? else {
            result.before.push(step);
            continue;
        };
        let model = ModelSource::read(&path)?.into_stacked(&device)?;
        let judged = evaluate_rows(&model.scorer, inputs, &items)?;
        write_result(&eval, step, &judged, &heading)?;
        observer(Event::Evaluated {
            step,
            report: &judged.report,
        });
        result.judged.push((step, judged.report));
    }
    result.interrupted = false;
    Ok(result)
}

/// Scores and results of some of the inputs' clips.
pub(super) fn evaluate_rows(
    scorer: &RowScorer,
    inputs: &Inputs,
    items: &[Item],
) -> Result<Evaluation, MetricsError> {
    let index = inputs.index();
    let rows: Vec<f32> = items
        .iter()
        .flat_map(|item| inputs.row(index[item.file.as_str()]))
        .collect();
    let classes = inputs.classes.names();
    let files = items.iter().map(|i| i.file.clone()).collect();
    let scores = ScoreTable::new(files, classes.to_vec(), scorer.scores(&rows))?;
    let truth = items.iter().flat_map(|i| i.multi_hot(classes.len()));
    let truth = truth.map(|v| v > 0.0).collect();
    let report = Report::of(
        &Aligned::from_rows(scores.clone(), truth)?,
        &ReportOptions::default(),
    )?;
    Ok(Evaluation {
        report,
        scores,
        skipped: Vec::new(),
        lwlrap_5: None,
    })
}
