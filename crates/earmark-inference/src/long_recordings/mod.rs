//! Recordings of any length: whole up to `predict.longest-seconds`, and longer ones in chunks of that length, whose
//! segments count as those of one recording. So memory does not grow with a recording's length. What trimming leaves of
//! a recording, and its loudest value, are found in passes of their own before.

mod mean_or_all_segments;
mod relative_floor;

use crate::model::not_finite;
use crate::{PipelineError, reason};
use earmark_core::human::human_duration;
use earmark_data::{FeatureStore, Item, ItemError};
use earmark_engine::{CropMean, ScoreJob, Scorer, ScorerOutput, SegmentScores};
use earmark_features::{Features, FrontEnd, TrimmedSpan};
use mean_or_all_segments::Rows;
use relative_floor::RelativeFloor;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why a recording was not fetched whole.
#[derive(Debug)]
pub enum NotWhole {
    /// It is too long.
    Long,
    /// It can't be read.
    Failed(ItemError),
}

/// What came of a recording.
#[derive(Debug)]
pub enum Outcome {
    /// Its segments; of one that was read in chunks, one row that is their mean where they were not to be kept.
    Scored(SegmentScores),
    /// Why it can't be used.
    Skipped(String),
    /// The work was stopped.
    Stopped,
}

/// What to compute of recordings.
#[derive(Clone, Copy)]
pub struct OutcomeJob<'a> {
    /// Which output of the network.
    pub output: ScorerOutput,
    /// Names of the scores, for messages; empty for other outputs.
    pub classes: &'a [String],
    /// Whether each segment's row of a long recording is kept; their number grows with it.
    pub keep_segments: bool,
    /// Ends the work early.
    pub stop: &'a AtomicBool,
}

/// Reads recordings for a network.
#[derive(Debug)]
pub struct Recordings<'a> {
    scorer: &'a Scorer,
    store: &'a FeatureStore,
    /// The key of the recipe that needs whole recordings, if there is one.
    needs_whole: Option<&'static str>,
    limit: Option<RelativeFloor>,
}

/// Why a chunk was the last one.
enum Ended {
    Stopped,
    Skipped(String),
    Failed(PipelineError),
}

impl<'a> Recordings<'a> {
    /// For a network, with the store of its front end's features, which knows what is too long
    /// ([`FeatureStore::with_longest`]).
    ///
    /// # Errors
    ///
    /// For a front end that can't work.
    pub fn new(scorer: &'a Scorer, store: &'a FeatureStore) -> Result<Self, PipelineError> {
        let front_end = store.extractor().front_end();
        Ok(Self {
            scorer,
            store,
            needs_whole: needs_whole(front_end),
            limit: RelativeFloor::of(front_end)?,
        })
    }

    /// The features of a recording, if it is not too long.
    ///
    /// # Errors
    ///
    /// When it is, or can't be read.
    pub fn fetch(&self, item: &Item) -> Result<Arc<Features>, NotWhole> {
        match self.store.is_long(item) {
            true => Err(NotWhole::Long),
            false => self.store.get(item, None).map_err(NotWhole::Failed),
        }
    }

    /// What came of a recording, by its segments or why they were not fetched: a long one is read and scored here. One
    /// with outputs that are not finite is skipped.
    ///
    /// # Errors
    ///
    /// When no recording can be scored.
    pub fn outcome(
        &self,
        item: &Item,
        fetched: Result<SegmentScores, NotWhole>,
        job: &OutcomeJob,
    ) -> Result<Outcome, PipelineError> {
        let outcome = match fetched {
            Ok(segments) => Outcome::Scored(segments),
            Err(NotWhole::Failed(error)) => Outcome::Skipped(reason(item, &error)),
            Err(NotWhole::Long) => self.in_chunks(item, job)?,
        };
        Ok(match outcome {
            Outcome::Scored(segments) => match not_finite(&segments.scores, job.classes) {
                None => Outcome::Scored(segments),
                Some(reason) => Outcome::Skipped(reason),
            },
            other => other,
        })
    }

    fn in_chunks(&self, item: &Item, job: &OutcomeJob) -> Result<Outcome, PipelineError> {
        let longest = human_duration(self.store.longest_seconds().unwrap_or_default());
        if let Some(key) = self.needs_whole {
            return Ok(Outcome::Skipped(format!(
                "is longer than {longest} (predict.longest-seconds), and {key} needs whole recordings; cut it into \
                 shorter files"
            )));
        }
        match self.scored_in_chunks(item, job) {
            Ok(segments) => Ok(Outcome::Scored(segments)),
            Err(ended) => ended.into_result(),
        }
    }

    fn scored_in_chunks(&self, item: &Item, job: &OutcomeJob) -> Result<SegmentScores, Ended> {
        let trimmed = self.store.trimmed_span(item, job.stop);
        let trimmed = trimmed.map_err(|error| Ended::Skipped(reason(item, &error)))?;
        if job.stop.load(Ordering::Relaxed) {
            return Err(Ended::Stopped);
        }
        let floor = self.floor(item, trimmed.as_ref(), job.stop)?;
        let mut rows = Rows::new(job.keep_segments, self.is_geometric(job.output));
        self.each_chunk(item, trimmed.as_ref(), |start, samples| {
            let features = self.features(samples, floor).map_err(Ended::Skipped)?;
            let frames = start / self.store.hop_samples() as u64;
            rows.add(frames, self.score(features, job)?);
            Ok(())
        })?;
        Ok(rows.finish())
    }

    /// The floor of the features below the recording's loudest value, which a pass over all chunks finds; `None`
    /// without `top-db`.
    fn floor(
        &self,
        item: &Item,
        trimmed: Option<&TrimmedSpan>,
        stop: &AtomicBool,
    ) -> Result<Option<f32>, Ended> {
        let Some(limit) = &self.limit else { return Ok(None) };
        let mut loudest = f32::NEG_INFINITY;
        self.each_chunk(item, trimmed, |_, samples| {
            if stop.load(Ordering::Relaxed) {
                return Err(Ended::Stopped);
            }
            let features = limit.features(samples).map_err(Ended::Skipped)?;
            loudest = limit.levels(&features).iter().copied().fold(loudest, f32::max);
            Ok(())
        })?;
        Ok(Some(loudest - limit.top_db))
    }

    /// Passes all chunks of a recording, or of what trimming leaves of it, on, until one ends it.
    fn each_chunk(
        &self,
        item: &Item,
        trimmed: Option<&TrimmedSpan>,
        mut take: impl FnMut(u64, &[f32]) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let mut ended = None;
        let read = self.store.chunks(item, trimmed, |start, samples| {
            ended = take(start, samples).err();
            ended.is_none()
        });
        match (ended, read) {
            (Some(ended), _) => Err(ended),
            (None, Err(error)) => Err(Ended::Skipped(reason(item, &error))),
            (None, Ok(_)) => Ok(()),
        }
    }

    fn features(&self, samples: &[f32], floor: Option<f32>) -> Result<Features, String> {
        let (Some(limit), Some(floor)) = (&self.limit, floor) else {
            return self.store.features_of(samples).map_err(|error| error.to_string());
        };
        let mut features = limit.features(samples)?;
        limit.levels_mut(&mut features).for_each(|x| *x = x.max(floor));
        Ok(features)
    }

    /// The network's output for the segments of a chunk.
    fn score(&self, features: Features, job: &OutcomeJob) -> Result<SegmentScores, Ended> {
        let features = Arc::new(features);
        let mut found = None;
        let one = ScoreJob {
            clips: 1,
            workers: self.store.workers(),
            stop: job.stop,
            own_passes: true,
        };
        let fetch = |_| Ok::<_, Infallible>(Arc::clone(&features));
        self.scorer
            .run_segments(job.output, &one, fetch, |_, result| {
                found = result.ok();
                true
            })
            .map_err(|error| Ended::Failed(error.into()))?;
        found.ok_or(Ended::Stopped)
    }

    fn is_geometric(&self, output: ScorerOutput) -> bool {
        let mean = self.scorer.random_crops.as_ref().map(|crops| crops.mean);
        output == ScorerOutput::Scores && mean == Some(CropMean::Geometric)
    }
}

impl Ended {
    fn into_result(self) -> Result<Outcome, PipelineError> {
        match self {
            Self::Stopped => Ok(Outcome::Stopped),
            Self::Skipped(reason) => Ok(Outcome::Skipped(reason)),
            Self::Failed(error) => Err(error),
        }
    }
}

/// What of a front end looks at a whole recording, and can't be done in chunks: statistics over all of its frames.
fn needs_whole(front_end: &FrontEnd) -> Option<&'static str> {
    [
        (front_end.handcrafted, "front-end.handcrafted"),
        (front_end.clip_features.is_some(), "front-end.clip-features"),
    ]
    .into_iter()
    .find_map(|(needs, key)| needs.then_some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_whole_recordings_is_named() {
        let front_end = FrontEnd::default();
        assert_eq!(needs_whole(&front_end), None);
        let trimmed = FrontEnd {
            trim: Some(earmark_features::Trimming::default()),
            ..FrontEnd::default()
        };
        assert_eq!(needs_whole(&trimmed), None);
        let handcrafted = FrontEnd {
            handcrafted: true,
            ..FrontEnd::default()
        };
        assert_eq!(needs_whole(&handcrafted), Some("front-end.handcrafted"));
    }
}
