//! The ways that the budget allows, tried one after the other.

use super::budget::{fits, too_long};
use super::choose::{FitMetric, WayComparison};
use super::context::FitContext;
use super::finish::aligned;
use super::job::{FitWayResult, WayLeftOut};
use super::nothing_to_win::nothing_to_win;
use super::ways::Way;
use super::work::FinishedWay;
use crate::training::add_damaged;
use crate::validation_split::distinct;
use crate::{PipelineError, Skips};
use earmark_metrics::{Aligned, Report, ReportOptions};
use std::time::Instant;

/// A way that was tried, with its scores next to the truth.
pub(super) struct TriedWay<'a> {
    pub way: &'a Way,
    pub found: FinishedWay,
    pub clips: Aligned,
    /// The fold of each clip.
    pub folds: Vec<u32>,
}

/// Tries all ways that the budget allows, unless the first one leaves nothing to win; `None` when stopped.
pub(super) fn run_all<'a>(
    context: &FitContext,
    ways: &'a [Way],
    started: Instant,
    left_out: &mut Vec<WayLeftOut>,
) -> Result<Option<Vec<TriedWay<'a>>>, PipelineError> {
    let items = context.data.by_file();
    let mut tried: Vec<TriedWay> = Vec::new();
    let mut settled: Option<String> = None;
    for (index, way) in ways.iter().enumerate() {
        let elapsed = started.elapsed().as_secs_f64();
        let left = context.left(elapsed);
        let (folds, seconds) = way.cost.within(left);
        let is_new = index > 0 && way.finished(context.work)?.is_none();
        let mut leave = |reason: String| {
            let name = way.name.to_owned();
            left_out.push(WayLeftOut { name, reason });
        };
        if is_new && let Some(reason) = &settled {
            leave(reason.clone());
            continue;
        }
        if is_new && !fits(left, seconds) {
            let reason = too_long(seconds, elapsed);
            context.not_tried(&[way.name], &reason);
            leave(reason);
            continue;
        }
        let (found, scores) = match way.run(context, folds) {
            Ok(Some(done)) => done,
            Ok(None) => return Ok(None),
            // The first way has a model already; a later one that fails takes nothing from it.
            Err(e) if index > 0 && !e.is_interrupt() => {
                let reason = format!("it failed: {e}");
                context.not_tried(&[way.name], &reason);
                leave(reason);
                continue;
            }
            Err(e) => return Err(e),
        };
        let (clips, folds) = aligned(scores, &items, &context.data.train.classes)?;
        if index == 0 {
            settled = settles(context, (way, &clips), &ways[1..])?;
        }
        tried.push(TriedWay {
            way,
            found,
            clips,
            folds,
        });
    }
    Ok(Some(tried))
}

/// Why the other ways need not be tried, which is said once for all of them. What has finished before is used.
fn settles(
    context: &FitContext,
    first: (&Way, &Aligned),
    others: &[Way],
) -> Result<Option<String>, PipelineError> {
    let mut left = Vec::new();
    for way in others {
        if way.finished(context.work)?.is_none() {
            left.push(way);
        }
    }
    let metric = FitMetric::of_labels(context.data.train.multi_label);
    let reason = nothing_to_win(metric, first, &left)?;
    if let Some(reason) = &reason {
        context.note(reason.clone());
    }
    Ok(reason)
}

/// The clips that could not be read, by whichever way, and those that any way used in part; each once.
pub(super) fn skipped_and_damaged(context: &FitContext, tried: &[TriedWay]) -> (Skips, Skips) {
    let (mut skipped, mut damaged) = (context.data.skipped.clone(), Skips::new());
    for found in tried.iter().map(|tried| &tried.found) {
        add_damaged(&mut skipped, found.skipped.clone());
        add_damaged(&mut damaged, found.damaged.clone());
    }
    (skipped, damaged)
}

/// Number of clips to train on, without those that were skipped.
pub(super) fn clips_without(context: &FitContext, skipped: &Skips) -> usize {
    let clips = context.data.by_file();
    let lost = skipped
        .iter()
        .filter(|(file, _)| clips.contains_key(file.as_str()));
    clips.len() - lost.count()
}

/// A line for each way.
pub(super) fn results(
    tried: &[TriedWay],
    compared: &[Option<WayComparison>],
    chosen: usize,
) -> Result<Vec<FitWayResult>, PipelineError> {
    let mut lines = Vec::with_capacity(tried.len());
    for (index, one) in tried.iter().enumerate() {
        let report = Report::of(&one.clips, &ReportOptions::default())?;
        lines.push(FitWayResult {
            name: one.way.name.to_owned(),
            description: one.way.description.clone(),
            seconds: one.found.seconds,
            folds: distinct(&one.folds).len(),
            clips: one.clips.files().len(),
            accuracy: report.accuracy,
            lwlrap: report.lwlrap,
            compared: compared[index],
            chosen: index == chosen,
        });
    }
    Ok(lines)
}
