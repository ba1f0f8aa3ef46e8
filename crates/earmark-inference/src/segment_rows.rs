//! The network's output for every segment of clips.

use crate::long_recordings::{Outcome, OutcomeJob, Recordings};
use crate::progress::skip;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::{FeatureStore, Item};
use earmark_engine::{ScoreJob, Scorer, ScorerOutput, SegmentScores};
use std::sync::atomic::AtomicBool;

/// What [`segment_rows`] computes, and of which clips.
#[derive(Clone, Copy)]
pub struct SegmentRowsJob<'a> {
    /// The network with its front end.
    pub scorer: &'a Scorer,
    /// Which output of the network.
    pub output: ScorerOutput,
    /// The clips.
    pub items: &'a [Item],
    /// Where their features come from.
    pub store: &'a FeatureStore,
    /// Receives progress and skipped clips.
    pub observer: Observer<'a>,
    /// Ends the work early.
    pub stop: &'a AtomicBool,
    /// As in [`ScoreJob`].
    pub own_passes: bool,
}

/// One output of the network for each segment of each clip, passed to `done` in the order of the clips; those that
/// can't be read, and those of which an output is not finite, are added to `skipped`. False when stopped.
///
/// # Errors
/// Features that do not fit the network.
pub fn segment_rows(
    job: &SegmentRowsJob,
    skipped: &mut Skips,
    done: impl FnMut(usize, SegmentScores),
) -> Result<bool, PipelineError> {
    rows(job, true, skipped, done)
}

/// As [`segment_rows`] where the mean over the segments is all that is wanted: of a recording that is scored in blocks,
/// it is the one row, so that memory does not grow with its length.
pub(crate) fn rows_for_means(
    job: &SegmentRowsJob,
    skipped: &mut Skips,
    done: impl FnMut(usize, SegmentScores),
) -> Result<bool, PipelineError> {
    rows(job, false, skipped, done)
}

fn rows(
    job: &SegmentRowsJob,
    keep_segments: bool,
    skipped: &mut Skips,
    mut done: impl FnMut(usize, SegmentScores),
) -> Result<bool, PipelineError> {
    let (items, total) = (job.items, job.items.len());
    let clips = ScoreJob {
        clips: total,
        workers: job.store.workers(),
        stop: job.stop,
        own_passes: job.own_passes,
    };
    let recordings = Recordings::new(job.scorer, job.store);
    let wanted = OutcomeJob {
        output: job.output,
        classes: &[],
        keep_segments,
        stop: job.stop,
    };
    let mut failed = None;
    let fetch = |i: usize| recordings.fetch(&items[i]);
    let whole = job.scorer.run_segments(job.output, &clips, fetch, |i, fetched| {
        match recordings.outcome(&items[i], fetched, &wanted) {
            Ok(Outcome::Scored(segments)) => done(i, segments),
            Ok(Outcome::Skipped(reason)) => skip(job.observer, skipped, &items[i].file, reason),
            Ok(Outcome::Stopped) => return false,
            Err(error) => {
                failed = Some(error);
                return false;
            }
        }
        (job.observer)(Event::Scoring { done: i + 1, total });
        true
    })?;
    failed.map_or(Ok(whole), Err)
}
