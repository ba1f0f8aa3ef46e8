//! The segments of one recording, which come one after the other, in the forward passes in which it is scored whole.

use super::score_error::ScoreError;
use super::scorer::{Scorer, ScorerOutput, SegmentBatch};
use super::segment_scores::SegmentScores;
use earmark_features::Features;

/// Segments of one recording that wait for a full forward pass. All have one length, and no clip-level features.
///
/// The passes are those of [`Scorer::run_segments`] where no two clips share one, so that the scores are the same to the
/// last bit.
#[derive(Debug)]
pub struct SegmentPasses<'a> {
    scorer: &'a Scorer,
    output: ScorerOutput,
    /// `[segments, channels, bands, frames]`.
    waiting: Vec<f32>,
    starts: Vec<i64>,
    frames: usize,
}

impl<'a> SegmentPasses<'a> {
    /// For this output of a network.
    pub fn new(scorer: &'a Scorer, output: ScorerOutput) -> Self {
        Self {
            scorer,
            output,
            waiting: Vec::new(),
            starts: Vec::new(),
            frames: 0,
        }
    }

    /// Adds a segment of log-mel features, which begins at this frame of the recording; gives the outputs of all that
    /// waited where it fills a pass.
    ///
    /// # Errors
    ///
    /// When the features are those of another front end.
    pub fn push(&mut self, start: i64, segment: &Features) -> Result<Option<SegmentScores>, ScoreError> {
        let segment = self.scorer.extractor.postprocess(segment);
        let segment = segment.map_err(|cause| ScoreError::Features { clip: 0, cause })?;
        self.waiting.extend_from_slice(&segment.data);
        self.starts.push(start);
        self.frames = segment.frames;
        Ok(match self.starts.len() < self.scorer.batch {
            true => None,
            false => self.run(),
        })
    }

    /// Runs the network over the segments that wait; `None` where none do.
    pub fn run(&mut self) -> Option<SegmentScores> {
        let starts = std::mem::take(&mut self.starts);
        if starts.is_empty() {
            return None;
        }
        let extractor = &self.scorer.extractor;
        let shape = [starts.len(), extractor.channels(), extractor.bands(), self.frames];
        let batch = SegmentBatch::new(std::mem::take(&mut self.waiting), shape);
        let scores = self.scorer.forward(self.output, batch);
        Some(SegmentScores { starts, scores })
    }
}
