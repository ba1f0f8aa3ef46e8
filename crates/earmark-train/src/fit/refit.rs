//! A probe in place of the last layers of a fine-tuned network: fitted to whole clips instead of pieces of them, without
//! mixtures and softened labels (compare Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features", who fit it
//! before). Its pooled features are classified, since its hidden layer has adapted most to these clips.

use super::context::FitContext;
use super::score_clips::ClipScores;
use crate::{Event, PipelineError, ProbeJob, ProbeLayer, probe_data};
use earmark_data::{DataSet, Item};
use earmark_metrics::ScoreTable;
use std::path::{Path, PathBuf};

/// Nothing can be held out to choose the strength by, as the network has seen all of these clips. Results differ little
/// between 10 and 300.
const STRENGTH: f64 = 30.0;

/// Fits a probe of a run's model to clips that it was trained on, and writes it to `out`; returns whether classes
/// exclude each other. `None` when stopped.
pub(super) fn refit(
    context: &FitContext,
    run: &Path,
    data: &DataSet,
    out: &Path,
) -> Result<Option<bool>, PipelineError> {
    let job = context.job;
    let probe = ProbeJob {
        options: job.options.clone(),
        classes: job.classes,
        strengths: vec![STRENGTH],
        layer: Some(ProbeLayer::Pooled),
        out: Some(out.to_owned()),
        device: job.device.clone(),
        ..ProbeJob::new(run.to_string_lossy(), &job.data)
    };
    let show = |event: Event| context.show(event);
    let fitted = probe_data(&probe, data, &show, context.stop)?;
    Ok(fitted.map(|fitted| !fitted.independent))
}

/// The scores of the clips of some folds, each by the refitted model of its fold's run in `runs`, and whether classes
/// exclude each other; `None` when stopped.
pub(super) fn refitted_out_of_fold(
    context: &FitContext,
    runs: &Path,
    folds: &[u32],
) -> Result<Option<(ScoreTable, bool)>, PipelineError> {
    let data = &context.data.train;
    let (mut files, mut classes, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut single_label = false;
    for &fold in folds {
        let (held_out, trained): (Vec<Item>, Vec<Item>) = data
            .items
            .iter()
            .cloned()
            .partition(|item| item.fold == Some(fold));
        let model = refitted_model(runs, fold);
        let run = runs.join(format!("fold-{fold}"));
        let Some(exclusive) = refit(context, &run, &data.with_items(trained), &model)? else {
            return Ok(None);
        };
        single_label = exclusive;
        let Some(ClipScores { table, .. }) = ClipScores::of(context, &model, &held_out, false)? else {
            return Ok(None);
        };
        files.extend(table.files().iter().cloned());
        classes = table.classes().to_vec();
        values.extend_from_slice(table.values());
    }
    Ok(Some((ScoreTable::new(files, classes, values)?, single_label)))
}

fn refitted_model(runs: &Path, fold: u32) -> PathBuf {
    runs.join(format!("fold-{fold}-last-layer.safetensors"))
}
