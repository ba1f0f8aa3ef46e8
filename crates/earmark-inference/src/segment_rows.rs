//! The network's output for every segment of clips.

use crate::progress::skip;
use crate::{Event, Observer, PipelineError, Skips, reason};
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
}

/// One output of the network for each segment of each clip, passed to `done` in the order of the clips; those that can't be read are
/// added to `skipped`. False when stopped.
pub fn segment_rows(
    job: &SegmentRowsJob,
    skipped: &mut Skips,
    mut done: impl FnMut(usize, SegmentScores),
) -> Result<bool, PipelineError> {
    let (items, total) = (job.items, job.items.len());
    let clips = ScoreJob {
        clips: total,
        workers: job.store.workers(),
        stop: job.stop,
    };
    let fetch = |i: usize| job.store.get(&items[i], None);
    Ok(job.scorer.run_segments(job.output, &clips, fetch, |i, result| {
        match result {
            Ok(segments) => done(i, segments),
            Err(e) => skip(job.observer, skipped, &items[i].file, reason(&items[i], &e)),
        }
        (job.observer)(Event::Scoring { done: i + 1, total });
        true
    })?)
}
