//! Segments that wait for a full forward pass, and the clips they belong to.

use super::random_crops::{Crop, RandomCrops};
use super::score_error::ScoreError;
use super::scorer::{Scorer, ScorerOutput, SegmentBatch};
use super::segment_grid::{SegmentGrid, equal_pieces};
use super::segment_scores::SegmentScores;
use earmark_features::{Extractor, FeatureError, Features};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

/// Most frames of all whole clips of a pass, so that memory does not grow with their length.
const WHOLE_FRAMES: usize = 16_384;

/// How clips are cut.
enum Cut {
    /// Into segments of one length, by the front end.
    Segments(SegmentGrid),
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
    frames: usize,
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
    queues: Vec<Queue>,
    clips: VecDeque<Waiting>,
    /// Clips that are done.
    finished: usize,
}

/// A clip, cut.
struct Pieces<'f> {
    features: Cow<'f, Features>,
    pieces: Vec<Crop>,
}

impl<'a> Pending<'a> {
    pub fn new(scorer: &'a Scorer, output: ScorerOutput, stop: &'a AtomicBool) -> Self {
        let whole = || Cut::Whole(scorer.longest_whole());
        let cut = match &scorer.random_crops {
            Some(crops) => Cut::Random(crops.clone()),
            None => SegmentGrid::of(&scorer.extractor).map_or_else(whole, Cut::Segments),
        };
        Self {
            scorer,
            output,
            stop,
            cut,
            queues: Vec::new(),
            clips: VecDeque::new(),
            finished: 0,
        }
    }

    /// Where the segments of a clip are.
    fn pieces<'f>(&self, features: &'f Features) -> Result<Pieces<'f>, FeatureError> {
        let extractor = &self.scorer.extractor;
        // A clip without frames is scored as silence.
        let not_empty = |features: &'f Features| match features.frames {
            0 => silent(extractor).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(features)),
        };
        let of_length = |frames: usize, starts: Vec<i64>| {
            let one = |start| Crop { start, frames };
            starts.into_iter().map(one).collect()
        };
        Ok(match &self.cut {
            Cut::Segments(grid) => Pieces {
                pieces: of_length(
                    grid.length(),
                    grid.starts(features.frames, extractor.segment_count(features.frames)),
                ),
                features: Cow::Borrowed(features),
            },
            Cut::Whole(longest) => {
                let features = not_empty(features)?;
                let (length, starts) = equal_pieces(features.frames, *longest);
                Pieces {
                    pieces: of_length(length, starts),
                    features,
                }
            }
            Cut::Random(crops) => {
                let features = not_empty(features)?;
                Pieces {
                    pieces: crops.draw(&features),
                    features,
                }
            }
        })
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
        let cut = self.pieces(features).map_err(unfit)?;
        let Some(first) = cut.pieces.first() else {
            return Err(ScoreError::NoSegment { clip });
        };
        // Whole clips may have as many lengths as there are clips: only one length waits at a time.
        let other = matches!(self.cut, Cut::Whole(_)) && self.queues.iter().any(|q| q.frames != first.frames);
        if other {
            if !self.flush(done) {
                return Ok(false);
            }
            self.queues.clear();
        }
        let number = self.finished + self.clips.len();
        self.clips.push_back(Waiting {
            clip,
            segments: SegmentScores {
                starts: cut.pieces.iter().map(|p| p.start).collect(),
                scores: Vec::new(),
            },
            missing: cut.pieces.len(),
        });
        for (i, at) in cut.pieces.iter().enumerate() {
            let segment = match self.cut {
                Cut::Segments(_) => extractor.segment(&cut.features, i),
                Cut::Whole(_) => Ok(piece(&cut.features, at.start, at.frames)),
                Cut::Random(_) => Ok(at.cut(&cut.features)),
            };
            let segment = segment.and_then(|e| extractor.postprocess(&e)).map_err(unfit)?;
            let queue = self.queue(at.frames);
            queue.x.extend_from_slice(&segment.data);
            queue.clip_features.extend_from_slice(&features.clip_features);
            queue.owners.push((number, i));
            if queue.owners.len() == self.batch_size(at.frames) && !self.run(at.frames, done) {
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

    fn queue(&mut self, frames: usize) -> &mut Queue {
        let at = self
            .queues
            .iter()
            .position(|q| q.frames == frames)
            .unwrap_or_else(|| {
                self.queues.push(Queue {
                    frames,
                    ..Queue::default()
                });
                self.queues.len() - 1
            });
        &mut self.queues[at]
    }

    /// Scores what waits; false when stopped.
    pub fn flush<E>(&mut self, done: &mut impl FnMut(usize, Result<SegmentScores, E>) -> bool) -> bool {
        let lengths: Vec<usize> = self.queues.iter().map(|q| q.frames).collect();
        lengths.into_iter().all(|frames| self.run(frames, done))
    }

    /// One forward pass over all waiting segments of a length, which completes clips. False when stopped.
    fn run<E>(
        &mut self,
        frames: usize,
        done: &mut impl FnMut(usize, Result<SegmentScores, E>) -> bool,
    ) -> bool {
        let Queue {
            x,
            clip_features,
            owners,
            ..
        } = std::mem::take(self.queue(frames));
        self.queues.retain(|q| !q.owners.is_empty());
        if owners.is_empty() {
            return true;
        }
        if self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let e = &self.scorer.extractor;
        let shape = [owners.len(), e.channels(), e.bands(), frames];
        let batch = SegmentBatch {
            x,
            shape,
            clip_features,
        };
        let scores = self.scorer.forward(self.output, batch);
        let width = scores.len() / owners.len();
        for ((number, segment), row) in owners.into_iter().zip(scores.chunks_exact(width.max(1))) {
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

/// Frames `start..start + length` of a clip.
fn piece(features: &Features, start: i64, length: usize) -> Features {
    let start = usize::try_from(start).unwrap_or(0);
    let rows = features.data.chunks_exact(features.frames);
    Features {
        frames: length,
        data: rows
            .flat_map(|row| &row[start..start + length])
            .copied()
            .collect(),
        clip_features: Vec::new(),
        ..*features
    }
}

/// The features of a clip without frames: those of the shortest silence that has one.
fn silent(extractor: &Extractor) -> Result<Features, FeatureError> {
    let mut samples = 1;
    while extractor.frames(samples) == 0 {
        samples *= 2;
    }
    extractor.log_mel(&vec![0.0; samples], &mut extractor.scratch())
}
