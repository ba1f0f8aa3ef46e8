//! Evaluating stacked runs on their test fold.

use super::stack_inputs::StackInputs;
use crate::evaluated_clips::ClipNotes;
use crate::evaluation::{evaluate_each, with_truth};
use crate::training::add_damaged;
use crate::{EvaluateJob, EvaluateResult, Observer, PipelineError, Skips, SplitTable};
use earmark_data::Item;
use earmark_engine::RowScorer;
use earmark_engine::evaluation::Evaluation;
use earmark_inference::Device;
use earmark_inference::model::{ModelSource, inputs_of};
use earmark_metrics::{MetricsError, Report, ReportOptions, ScoreTable};
use earmark_models::Precision;
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::{RunDir, RunError};
use earmark_runs::warnings::Remedies;
use std::collections::HashSet;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::atomic::{AtomicBool, Ordering};

/// Evaluates every checkpoint of a stacked run that has not been evaluated yet, on the run's test fold.
pub(crate) fn evaluate(
    job: &EvaluateJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    let run = RunDir::open_stacked(&job.run)?;
    if !job.read.is_empty() {
        return Err(PipelineError::Request(format!(
            "{}: a stacked run reads its data as its base models do; leave out --layout, --table and the columns",
            job.run.display()
        )));
    }
    // Older runs do not say what became of damaged recordings.
    if job
        .read
        .damaged
        .is_some_and(|wanted| run.info.data.damaged_files != Some(wanted))
    {
        return Err(PipelineError::Request(format!(
            "{}: a stacked run is evaluated on what its base models scored, of damaged recordings as well; leave out \
             --damaged",
            job.run.display()
        )));
    }
    if job.precision.is_some() {
        return Err(PipelineError::Request(format!(
            "{}: a stacked run is evaluated on what its base models scored before; leave out --precision",
            job.run.display()
        )));
    }
    let others = job.subset.is_some()
        || job.fold_table.is_some()
        || job.fold.is_some_and(|f| Some(f) != run.info.data.fold);
    if others {
        return Err(PipelineError::Request(format!(
            "{}: a stacked run is evaluated on its test fold only; leave out --fold, --fold-table and --subset (for \
             other clips: `earmark predict`, then `earmark score`)",
            job.run.display()
        )));
    }
    let sets = inputs_of(&run.path, &run.recipe);
    let stack = &run.recipe.stack;
    match StackInputs::read(&sets, stack, Some(&job.data), &job.device, observer, stop)? {
        Some(inputs) => evaluate_with(job, &run, &inputs, observer, stop),
        None => Ok(EvaluateResult::nothing(job)),
    }
}

/// The same, with inputs that are already read.
pub(super) fn evaluate_with(
    job: &EvaluateJob,
    run: &RunDir<StackRecipe>,
    inputs: &StackInputs,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<EvaluateResult, PipelineError> {
    let device = Device::named(&job.device)?;
    let (path, missing) = (run.path.clone(), "split.csv");
    let table = SplitTable::read(&path)?.ok_or(RunError::NoRun { path, missing })?;
    let items = table.test_clips(inputs.items.clone())?;
    let notes = ClipNotes::of(
        job,
        run,
        &run.recipe.name,
        &items,
        Remedies::of_stack(&run.recipe.train),
    )?;
    let damaged = || -> Skips {
        let evaluated: HashSet<&str> = items.iter().map(|item| item.file.as_str()).collect();
        let damaged = inputs.damaged.iter();
        damaged
            .filter(|(file, _)| evaluated.contains(file.as_str()))
            .cloned()
            .collect()
    };
    let mut result = evaluate_each(job, &items, &notes, observer, &damaged, |_, path| {
        if stop.load(Ordering::Relaxed) {
            return Ok(Break(()));
        }
        let model = ModelSource::read(path)?.into_stacked(&device)?;
        let evaluation = evaluate_rows(&model.scorer, inputs, &items)?;
        Ok(Continue(Some((evaluation, Precision::F32))))
    })?;
    if !result.evaluated.is_empty() {
        add_damaged(&mut result.damaged, damaged());
    }
    Ok(result)
}

/// Scores and results on some clips of the inputs.
pub(super) fn evaluate_rows(
    scorer: &RowScorer,
    inputs: &StackInputs,
    items: &[Item],
) -> Result<Evaluation, MetricsError> {
    let index = inputs.index();
    let rows = items
        .iter()
        .flat_map(|item| inputs.row(index[item.file.as_str()]));
    let rows: Vec<f32> = rows.collect();
    let files = items.iter().map(|i| i.file.clone()).collect();
    let scores = ScoreTable::new(files, inputs.classes.names().to_vec(), scorer.scores(&rows))?;
    let clips = with_truth(scores.clone(), items)?;
    Ok(Evaluation {
        report: Report::of(&clips, &ReportOptions::default())?,
        scores,
        skipped: Vec::new(),
        lwlrap_5: None,
    })
}
