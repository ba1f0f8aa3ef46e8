//! Recordings of any length: read whole and cached up to `predict.longest-seconds`, and longer ones block by block, so
//! that memory does not grow with their length.
//!
//! ```text
//! blocks of samples -> features -> segments -> passes -> their mean
//!                                  or equal parts, each scored as a clip
//! ```
//!
//! Segments are, to the last bit, those of the recording read whole. A network that takes clips as they are gets equal
//! parts. What trimming leaves of a recording, its length, and its loudest and smallest value are found in passes of
//! their own before, where they are needed.

mod in_blocks;
mod mean_or_all_segments;

use crate::model::not_finite;
use crate::{PipelineError, reason};
use earmark_core::caught_panics::catch_panic;
use earmark_core::human::human_duration;
use earmark_data::{FeatureStore, Item, ItemError};
use earmark_engine::{CropMean, Scorer, ScorerOutput, SegmentScores};
use earmark_features::{Features, FrontEnd};
use in_blocks::{Ended, InBlocks};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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
    /// Its segments; of one that was read in blocks, one row that is their mean where they were not to be kept.
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
}

impl<'a> Recordings<'a> {
    /// For a network, with the store of its front end's features, which knows what is too long
    /// ([`FeatureStore::with_longest`]).
    pub fn new(scorer: &'a Scorer, store: &'a FeatureStore) -> Self {
        Self {
            scorer,
            store,
            needs_whole: needs_whole(store.extractor().front_end()),
        }
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
            Err(NotWhole::Long) => self.in_blocks(item, job)?,
        };
        Ok(match outcome {
            Outcome::Scored(segments) => {
                match not_finite(&segments.scores, job.classes, &self.scorer.network) {
                    None => Outcome::Scored(segments),
                    Some(reason) => Outcome::Skipped(reason),
                }
            }
            other => other,
        })
    }

    fn in_blocks(&self, item: &Item, job: &OutcomeJob) -> Result<Outcome, PipelineError> {
        let one = InBlocks {
            recordings: self,
            item,
            job,
        };
        let scored = match self.needs_whole {
            Some(key) => Err(self.too_long(key)),
            None => catch_panic(|| one.score()).unwrap_or_else(|what| Err(Ended::Skipped(what))),
        };
        match scored {
            Ok(segments) => Ok(Outcome::Scored(segments)),
            Err(Ended::Stopped) => Ok(Outcome::Stopped),
            Err(Ended::Skipped(reason)) => Ok(Outcome::Skipped(reason)),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    /// A recording that is too long for a front end with this key.
    fn too_long(&self, key: &str) -> Ended {
        let longest = human_duration(self.store.longest_seconds().unwrap_or_default());
        Ended::Skipped(format!(
            "is longer than {longest} (predict.longest-seconds), and {key} needs whole recordings; cut it into \
             shorter files"
        ))
    }

    /// Frames of the parts that a long recording is scored in, where the network takes clips as they are: at random
    /// crops, as much as the longest recording that is read whole, else as much as a clip that is not cut.
    fn frames_at_a_time(&self) -> Option<usize> {
        let longest = self.store.longest_seconds().unwrap_or(f64::INFINITY);
        // Float to integer saturates.
        let longest = (longest * self.store.extractor().frames_per_second()).max(1.0) as usize;
        match (&self.scorer.random_crops, self.scorer.extractor.segment_frames()) {
            (Some(_), _) => Some(longest),
            (None, None) => Some(longest.min(self.scorer.longest_whole())),
            (None, Some(_)) => None,
        }
    }

    fn is_geometric(&self, output: ScorerOutput) -> bool {
        let mean = self.scorer.random_crops.as_ref().map(|crops| crops.mean);
        output == ScorerOutput::Scores && mean == Some(CropMean::Geometric)
    }
}

/// What of a front end can't be done in blocks: statistics over all frames of a recording, and frames of several windows.
fn needs_whole(front_end: &FrontEnd) -> Option<&'static str> {
    [
        (front_end.handcrafted, "front-end.handcrafted"),
        (front_end.clip_features.is_some(), "front-end.clip-features"),
        (front_end.has_more_windows(), "front-end.stft.more-window-samples"),
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
        let mut windows = FrontEnd::default();
        windows.stft.more_window_samples = vec![512];
        assert_eq!(needs_whole(&windows), Some("front-end.stft.more-window-samples"));
    }
}
