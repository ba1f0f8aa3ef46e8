//! Segments that wait for a full forward pass, and the clips they belong to.

use super::random_crops::{Crop, RandomCrops};
use super::score_error::ScoreError;
use super::scorer::{Scorer, ScorerOutput, SegmentBatch};
use super::segment_scores::SegmentScores;
use super::whole_clips::silent;
use earmark_features::{FeatureError, Features, equal_pieces};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

/// Most frames of all whole clips of a pass, so that memory does not grow with their length.
const WHOLE_FRAMES: usize = 16_384;

/// How clips are cut.
enum Cut {
    /// Into segments of this many frames, by the front end.
    Segments(usize),
    /// Not at all up to this many frames, beyond that into equal pieces.
    Whole(usize),
    /// At random, into several lengths.
    Random(RandomCrops),
}

/// A clip whose segments are not all scored yet.
struct Waiting {
    clip: usize,
    segments: SegmentScores,
    missing: usize,
}

/// Segments of one length that wait for a full forward pass.
#[derive(Default)]
struct Queue {
    x: Vec<f32>,
    /// Clip-level features of the clip of each.
    clip_features: Vec<f32>,
    /// The clip of each, counted from the first that was ever added, and which of its segments it is.
    owners: Vec<(usize, usize)>,
}

/// Segments that wait for a full forward pass, and the clips they belong to.
pub(super) struct Pending<'a> {
    scorer: &'a Scorer,
    output: ScorerOutput,
    stop: &'a AtomicBool,
    cut: Cut,
    /// By length in frames.
    queues: BTreeMap<usize, Queue>,
    clips: VecDeque<Waiting>,
    /// Clips that are done.
    finished: usize,
}

impl<'a> Pending<'a> {
    pub fn new(scorer: &'a Scorer, output: ScorerOutput, stop: &'a AtomicBool) -> Self {
        let whole = || Cut::Whole(scorer.longest_whole());
        let segment = scorer.extractor.segment_frames();
        let cut = match &scorer.random_crops {
            Some(crops) => Cut::Random(crops.clone()),
            None => segment.map_or_else(whole, Cut::Segments),
        };
        Self {
            scorer,
            output,
            stop,
            cut,
            queues: BTreeMap::new(),
            clips: VecDeque::new(),
            finished: 0,
        }
    }

    /// A clip and where its segments are.
    fn segments<'f>(&self, clip: &'f Features) -> Result<(Cow<'f, Features>, Vec<Crop>), FeatureError> {
        let extractor = &self.scorer.extractor;
        let mut clip = Cow::Borrowed(clip);
        if clip.frames == 0 && !matches!(self.cut, Cut::Segments(_)) {
            clip = Cow::Owned(silent(extractor)?);
        }
        let (frames, starts) = match &self.cut {
            Cut::Segments(frames) => (*frames, extractor.segment_starts(clip.frames)),
            Cut::Whole(longest) => {
                let (length, starts) = equal_pieces(clip.frames, *longest);
                let starts = starts
                    .into_iter()
                    .map(|start| i64::try_from(start).unwrap_or(i64::MAX));
                (length, starts.collect())
            }
            Cut::Random(crops) => {
                let crops = crops.draw(&clip);
                return Ok((clip, crops));
            }
        };
        let crop = |start| Crop { start, frames };
        Ok((clip, starts.into_iter().map(crop).collect()))
    }

    /// Adds the segments of a clip; false when stopped.
    pub fn add<E>(
        &mut self,
        clip: usize,
        features: &Features,
        done: &mut impl FnMut(usize, Result<SegmentScores, E>) -> bool,
    ) -> Result<bool, ScoreError> {
        let extractor = &self.scorer.extractor;
        let unfit = |cause| ScoreError::Features { clip, cause };
        let (cut, crops) = self.segments(features).map_err(unfit)?;
        let Some(first) = crops.first() else {
            return Err(ScoreError::NoSegment { clip });
        };
        // Whole clips may have as many lengths as there are clips: only one length waits at a time.
        let other = self.queues.keys().any(|&frames| frames != first.frames);
        if matches!(self.cut, Cut::Whole(_)) && other && !self.flush(done) {
            return Ok(false);
        }
        let number = self.finished + self.clips.len();
        self.clips.push_back(Waiting {
            clip,
            segments: SegmentScores {
                starts: crops.iter().map(|p| p.start).collect(),
                scores: Vec::new(),
            },
            missing: crops.len(),
        });
        for (i, at) in crops.iter().enumerate() {
            let segment = match self.cut {
                Cut::Segments(_) => extractor.segment(&cut, i),
                Cut::Whole(_) | Cut::Random(_) => Ok(at.cut(&cut)),
            };
            let segment = segment.and_then(|e| extractor.postprocess(&e)).map_err(unfit)?;
            let queue = self.queues.entry(at.frames).or_default();
            queue.x.extend_from_slice(&segment.data);
            queue.clip_features.extend_from_slice(&features.clip_features);
            queue.owners.push((number, i));
            let full = queue.owners.len() == self.batch_size(at.frames);
            if full && !self.run(at.frames, done) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Segments of this length that share a pass.
    fn batch_size(&self, frames: usize) -> usize {
        match self.cut {
            Cut::Segments(_) | Cut::Random(_) => self.scorer.batch,
            Cut::Whole(_) => (WHOLE_FRAMES / frames).clamp(1, self.scorer.batch),
        }
    }

    /// Scores what waits; false when stopped.
    pub fn flush<E>(&mut self, done: &mut impl FnMut(usize, Result<SegmentScores, E>) -> bool) -> bool {
        let lengths: Vec<usize> = self.queues.keys().copied().collect();
        lengths.into_iter().all(|frames| self.run(frames, done))
    }

    /// One forward pass over all waiting segments of a length, which completes clips. False when stopped.
    fn run<E>(
        &mut self,
        frames: usize,
        done: &mut impl FnMut(usize, Result<SegmentScores, E>) -> bool,
    ) -> bool {
        if self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let queue = self.queues.remove(&frames).unwrap_or_default();
        let e = &self.scorer.extractor;
        let batch = SegmentBatch {
            x: queue.x,
            shape: [queue.owners.len(), e.channels(), e.bands(), frames],
            clip_features: queue.clip_features,
        };
        let scores = self.scorer.forward(self.output, batch);
        let width = scores.len() / queue.owners.len();
        for ((number, segment), row) in queue.owners.into_iter().zip(scores.chunks_exact(width.max(1))) {
            let clip = &mut self.clips[number - self.finished];
            let segments = &mut clip.segments;
            segments.scores.resize(segments.starts.len() * width, 0.0);
            segments.scores[segment * width..][..width].copy_from_slice(row);
            clip.missing -= 1;
        }
        while let Some(Waiting { clip, segments, .. }) = self.clips.pop_front_if(|c| c.missing == 0) {
            self.finished += 1;
            if !done(clip, Ok(segments)) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_features::{Extractor, FrontEnd};

    fn extractor(examples: &str) -> Extractor {
        let text = format!(
            r#"{{ "sample-rate-hz": 8000, "stft": {{ "window-samples": 64, "hop-samples": 60 }}, "amplitude": "linear",
                 "segments": {examples} }}"#
        );
        let front_end: FrontEnd = serde_json::from_str(&text).unwrap();
        Extractor::new(&front_end).unwrap()
    }

    /// The frame at a segment's start, where it is one of the clip's, is the first of the segment as it is cut.
    #[test]
    fn segments_start_where_they_are_cut() {
        for examples in [
            r#"{ "length-frames": 20, "hop-frames": 7, "pad": { "value": -1 } }"#,
            r#"{ "length-frames": 20, "hop-frames": 7, "pad": { "value": -1 }, "place": "centre" }"#,
            r#"{ "length-frames": 9, "hop-frames": 9, "pad": { "value": -1 }, "place": "centre" }"#,
            r#"{ "length-frames": 5, "hop-frames": 1, "pad": { "value": -1 }, "place": "centre" }"#,
            r#"{ "length-frames": 20, "hop-frames": 7, "pad": { "value": -1 }, "place": "middle" }"#,
            r#"{ "length-seconds": 0.25, "hop-seconds": 0.1, "pad": { "value": -1 } }"#,
            r#"{ "length-seconds": 0.25, "hop-seconds": 0.1, "pad": { "value": -1 }, "place": "centre" }"#,
        ] {
            let e = extractor(examples);
            for frames in [0, 1, 6, 7, 8, 19, 20, 21, 27, 28, 100] {
                let data = (0..e.bands() * frames).map(|i| (i % frames) as f32).collect();
                let features = Features {
                    channels: 1,
                    bands: e.bands(),
                    frames,
                    data,
                    clip_features: Vec::new(),
                };
                let starts = e.segment_starts(frames);
                assert_eq!(starts.len(), e.segment_count(features.frames));
                let inside = 0..i64::try_from(frames).unwrap();
                for (k, start) in starts.into_iter().enumerate() {
                    let segment = e.segment(&features, k).unwrap();
                    for (at, value) in (start..).zip(&segment.data[..segment.frames]) {
                        let wanted = if inside.contains(&at) { at } else { -1 };
                        assert_eq!(
                            *value as i64, wanted,
                            "{examples}, {frames} frames, segment {k}, frame {at}"
                        );
                    }
                }
            }
        }
    }
}
