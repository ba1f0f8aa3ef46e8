//! A recording that is scored block by block.

use super::mean_or_all_segments::Rows;
use super::{OutcomeJob, Recordings};
use crate::{PipelineError, reason};
use earmark_data::Item;
use earmark_engine::{ScoreJob, SegmentPasses, SegmentScores};
use earmark_features::{
    FeatureError, FeaturePass, Features, FirstPass, SegmentCutter, TrimmedSpan, WholeFeatures, equal_pieces,
};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Why a block was the last one.
pub(super) enum Ended {
    Stopped,
    Skipped(String),
    Failed(PipelineError),
}

impl From<FeatureError> for Ended {
    fn from(error: FeatureError) -> Self {
        Self::Skipped(error.to_string())
    }
}

/// One recording, and what is wanted of it.
pub(super) struct InBlocks<'a> {
    pub recordings: &'a Recordings<'a>,
    pub item: &'a Item,
    pub job: &'a OutcomeJob<'a>,
}

impl InBlocks<'_> {
    /// The network's output for all segments of the recording, or their mean.
    pub fn score(&self) -> Result<SegmentScores, Ended> {
        let recordings = self.recordings;
        let trimmed = recordings.store.trimmed_span(self.item, self.job.stop);
        let trimmed = trimmed.map_err(|error| Ended::Skipped(reason(self.item, &error)))?;
        let trimmed = trimmed.as_ref();
        let most = recordings.frames_at_a_time();
        let whole = self.first_pass(trimmed, most.is_some())?;
        let (mut cutter, note) = self.cutter(whole.as_ref(), most)?;
        let mut pass = self.pass(whole.and_then(|whole| whole.floor))?;
        let mut scored = Scored {
            of: self,
            // A part that is scored by itself has passes of its own.
            passes: most
                .is_none()
                .then(|| SegmentPasses::new(recordings.scorer, self.job.output)),
            rows: Rows::new(self.job.keep_segments, recordings.is_geometric(self.job.output)),
        };
        self.each_block(trimmed, Some(&note), &mut |block: &[f32]| -> Result<(), Ended> {
            let features = pass.push(block)?;
            cutter.push(&features, &mut |start, segment| scored.add(start, segment))
        })?;
        cutter.push(&pass.finish()?, &mut |start, segment| scored.add(start, segment))?;
        if !cutter.is_whole() {
            return Err(Ended::Skipped(
                "changed while it was read; run the command again when nothing writes to it any more".into(),
            ));
        }
        cutter.finish(&mut |start, segment| scored.add(start, segment))?;
        Ok(scored.finish())
    }

    /// What must be known of the whole recording before its segments are cut.
    fn first_pass(
        &self,
        trimmed: Option<&TrimmedSpan>,
        needs_length: bool,
    ) -> Result<Option<WholeFeatures>, Ended> {
        let mut needed = self.recordings.scorer.extractor.first_pass();
        if needs_length {
            needed = needed.max(FirstPass::Length);
        }
        match needed {
            FirstPass::Nothing => Ok(None),
            FirstPass::Length => {
                let samples = match trimmed {
                    Some(span) => span.len(),
                    None => self.samples()?,
                };
                let frames = self.recordings.store.extractor().frames(samples);
                Ok(Some(WholeFeatures::of_length(frames)))
            }
            FirstPass::Values => {
                let mut pass = self.pass(None)?;
                self.each_block(trimmed, None, &mut |block: &[f32]| -> Result<(), Ended> {
                    pass.push(block)?;
                    Ok(())
                })?;
                pass.finish()?;
                Ok(Some(pass.whole()))
            }
        }
    }

    /// Counts the samples of the recording.
    fn samples(&self) -> Result<usize, Ended> {
        let mut count = 0;
        self.each_block(None, None, &mut |block| {
            count += block.len();
            Ok(())
        })?;
        Ok(count)
    }

    /// What cuts the recording, and what is to be said about that: into segments, or into equal parts of at most this
    /// many frames.
    fn cutter(
        &self,
        whole: Option<&WholeFeatures>,
        most: Option<usize>,
    ) -> Result<(SegmentCutter, String), Ended> {
        const KEY: &str = "(predict.longest-seconds)";
        let extractor = &self.recordings.scorer.extractor;
        if let (Some(most), Some(whole)) = (most, whole) {
            let (length, starts) = equal_pieces(whole.frames, most);
            let note = match starts.len() {
                1 => format!("read in blocks {KEY}"),
                count => format!("scored in {count} equal parts, whose results are averaged {KEY}"),
            };
            let cutter = SegmentCutter::pieces(extractor, whole.frames, length, starts);
            return Ok((cutter, note));
        }
        let cutter = SegmentCutter::segments(extractor, whole);
        let cutter = cutter.ok_or_else(|| self.recordings.too_long("front-end.segments"))?;
        Ok((cutter, format!("read in blocks, which changes no score {KEY}")))
    }

    fn pass(&self, floor: Option<f32>) -> Result<FeaturePass<'_>, Ended> {
        let pass = FeaturePass::new(self.recordings.store.extractor(), floor);
        pass.ok_or_else(|| self.recordings.too_long("front-end.handcrafted"))
    }

    /// Passes all blocks of the recording, or of what trimming leaves of it, on, until one ends it.
    fn each_block(
        &self,
        trimmed: Option<&TrimmedSpan>,
        note: Option<&str>,
        take: &mut dyn FnMut(&[f32]) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let mut ended = None;
        let read = self
            .recordings
            .store
            .blocks(self.item, trimmed, note, &mut |block| {
                ended = match self.job.stop.load(Ordering::Relaxed) {
                    true => Some(Ended::Stopped),
                    false => take(block).err(),
                };
                ended.is_none()
            });
        match (ended, read) {
            (Some(ended), _) => Err(ended),
            (None, Err(error)) => Err(Ended::Skipped(reason(self.item, &error))),
            (None, Ok(_)) => Ok(()),
        }
    }

    /// The network's output for the segments of a part that is scored as a clip of its own.
    fn score_part(&self, features: Features) -> Result<SegmentScores, Ended> {
        let Recordings { scorer, store, .. } = self.recordings;
        let features = Arc::new(features);
        let mut found = None;
        let one = ScoreJob {
            clips: 1,
            workers: store.workers(),
            stop: self.job.stop,
            own_passes: true,
        };
        let fetch = |_| Ok::<_, Infallible>(Arc::clone(&features));
        scorer
            .run_segments(self.job.output, &one, fetch, |_, result| {
                found = result.ok();
                true
            })
            .map_err(|error| Ended::Failed(error.into()))?;
        found.ok_or(Ended::Stopped)
    }
}

/// What was scored of a recording so far.
struct Scored<'a> {
    of: &'a InBlocks<'a>,
    /// Segments that share passes; `None` where parts are scored by themselves.
    passes: Option<SegmentPasses<'a>>,
    rows: Rows,
}

impl Scored<'_> {
    /// Adds a segment or a part, which begins at this frame.
    fn add(&mut self, start: i64, segment: Features) -> Result<(), Ended> {
        match &mut self.passes {
            Some(passes) => {
                let scored = passes.push(start, &segment);
                if let Some(scored) = scored.map_err(|error| Ended::Failed(error.into()))? {
                    self.rows.add(0, scored);
                }
            }
            None => {
                let scored = self.of.score_part(segment)?;
                self.rows.add(start, scored);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> SegmentScores {
        if let Some(scored) = self.passes.as_mut().and_then(SegmentPasses::run) {
            self.rows.add(0, scored);
        }
        self.rows.finish()
    }
}
