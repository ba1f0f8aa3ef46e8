//! Examples that wait for a full forward pass.

use super::scorer::{Pass, ScoreError, Scorer};
use crate::scoring::random_crops::{Stretch, Stretches};
use crate::scoring::segments::{TileScores, Tiling, pieces};
use earmark_features::{Extractor, FeatureError, Features};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

/// A longer clip is not taken whole: memory must not grow with its length.
const LONGEST_SECONDS: f64 = 60.0;

/// Whole clips share a pass up to this many frames in all, so that memory does not grow with their length.
const WHOLE_FRAMES: usize = 16_384;

/// How clips are cut.
enum Cut {
    /// Into examples of one length, by the front end.
    Tiles(Tiling),
    /// Not at all up to this many frames, else into equal pieces.
    Whole(usize),
    /// At random, into several lengths.
    Stretches(Stretches),
}

/// A clip whose examples are not all scored yet.
struct Waiting {
    clip: usize,
    tiles: TileScores,
    missing: usize,
}

/// Examples of one length that wait for a full forward pass.
#[derive(Default)]
struct Queue {
    frames: usize,
    x: Vec<f32>,
    /// What is known besides of the clip of each.
    side: Vec<f32>,
    /// Of each the clip, counted from the first that was ever added, and which of its examples it is.
    owners: Vec<(usize, usize)>,
}

/// Examples that wait for a full forward pass, and the clips they belong to.
pub(super) struct Pending<'a> {
    scorer: &'a Scorer,
    pass: Pass,
    stop: &'a AtomicBool,
    cut: Cut,
    queues: Vec<Queue>,
    clips: VecDeque<Waiting>,
    /// Clips that were handed out.
    gone: usize,
}

/// A clip, cut.
struct Pieces<'f> {
    features: Cow<'f, Features>,
    /// First frame and number of frames of each.
    pieces: Vec<Stretch>,
}

impl<'a> Pending<'a> {
    pub fn new(scorer: &'a Scorer, pass: Pass, stop: &'a AtomicBool) -> Self {
        let whole = || Cut::Whole(scorer.longest_whole());
        let cut = match &scorer.stretches {
            Some(stretches) => Cut::Stretches(stretches.clone()),
            None => Tiling::of(&scorer.extractor).map_or_else(whole, Cut::Tiles),
        };
        Self {
            scorer,
            pass,
            stop,
            cut,
            queues: Vec::new(),
            clips: VecDeque::new(),
            gone: 0,
        }
    }

    /// Where the examples of a clip lie.
    fn pieces<'f>(&self, features: &'f Features) -> Result<Pieces<'f>, FeatureError> {
        let extractor = &self.scorer.extractor;
        // Of nothing there is no stretch: silence stands for it.
        let heard = |features: &'f Features| match features.frames {
            0 => silent(extractor).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(features)),
        };
        let of_length = |frames: usize, starts: Vec<i64>| {
            let one = |start| Stretch { start, frames };
            starts.into_iter().map(one).collect()
        };
        Ok(match &self.cut {
            Cut::Tiles(tiling) => Pieces {
                pieces: of_length(
                    tiling.length(),
                    tiling.starts(features.frames, extractor.examples(features)),
                ),
                features: Cow::Borrowed(features),
            },
            Cut::Whole(longest) => {
                let features = heard(features)?;
                let (length, starts) = pieces(features.frames, *longest);
                Pieces {
                    pieces: of_length(length, starts),
                    features,
                }
            }
            Cut::Stretches(stretches) => {
                let features = heard(features)?;
                Pieces {
                    pieces: stretches.draw(&features),
                    features,
                }
            }
        })
    }

    /// Takes the examples of a clip in; false when stopped.
    pub fn add<E>(
        &mut self,
        clip: usize,
        features: &Features,
        done: &mut impl FnMut(usize, Result<TileScores, E>) -> bool,
    ) -> Result<bool, ScoreError> {
        let extractor = &self.scorer.extractor;
        let unfit = |cause| ScoreError::Features { clip, cause };
        let cut = self.pieces(features).map_err(unfit)?;
        let Some(first) = cut.pieces.first() else {
            return Err(ScoreError::NoExample { clip });
        };
        // Clips that are taken whole may have as many lengths as there are clips: no two of them wait at a time.
        let other = matches!(self.cut, Cut::Whole(_)) && self.queues.iter().any(|q| q.frames != first.frames);
        if other {
            if !self.flush(done) {
                return Ok(false);
            }
            self.queues.clear();
        }
        let number = self.gone + self.clips.len();
        self.clips.push_back(Waiting {
            clip,
            tiles: TileScores {
                starts: cut.pieces.iter().map(|p| p.start).collect(),
                scores: Vec::new(),
            },
            missing: cut.pieces.len(),
        });
        for (i, at) in cut.pieces.iter().enumerate() {
            let example = match self.cut {
                Cut::Tiles(_) => extractor.example(&cut.features, i),
                Cut::Whole(_) => Ok(piece(&cut.features, at.start, at.frames)),
                Cut::Stretches(_) => Ok(at.of(&cut.features)),
            };
            let example = example.and_then(|e| extractor.finish(&e)).map_err(unfit)?;
            let queue = self.queue(at.frames);
            queue.x.extend_from_slice(&example.data);
            queue.side.extend_from_slice(&features.side);
            queue.owners.push((number, i));
            if queue.owners.len() == self.most(at.frames) && !self.run(at.frames, done) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Examples of this length that share a pass.
    fn most(&self, frames: usize) -> usize {
        match self.cut {
            Cut::Tiles(_) | Cut::Stretches(_) => self.scorer.batch,
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
    pub fn flush<E>(&mut self, done: &mut impl FnMut(usize, Result<TileScores, E>) -> bool) -> bool {
        let lengths: Vec<usize> = self.queues.iter().map(|q| q.frames).collect();
        lengths.into_iter().all(|frames| self.run(frames, done))
    }

    /// One forward pass over all waiting examples of a length; hands out the clips that are complete by it. False when stopped.
    fn run<E>(&mut self, frames: usize, done: &mut impl FnMut(usize, Result<TileScores, E>) -> bool) -> bool {
        let Queue { x, side, owners, .. } = std::mem::take(self.queue(frames));
        self.queues.retain(|q| !q.owners.is_empty());
        if owners.is_empty() {
            return true;
        }
        if self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let e = &self.scorer.extractor;
        let shape = [owners.len(), e.channels(), e.bands(), frames];
        let scores = (self.pass)(self.scorer, x, side, shape);
        let width = scores.len() / owners.len();
        for ((number, example), row) in owners.into_iter().zip(scores.chunks_exact(width.max(1))) {
            let clip = &mut self.clips[number - self.gone];
            let tiles = &mut clip.tiles;
            tiles.scores.resize(tiles.starts.len() * width, 0.0);
            tiles.scores[example * width..][..width].copy_from_slice(row);
            clip.missing -= 1;
        }
        while let Some(Waiting { clip, tiles, .. }) = self.clips.pop_front_if(|c| c.missing == 0) {
            self.gone += 1;
            if !done(clip, Ok(tiles)) {
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
        side: Vec::new(),
        ..*features
    }
}

impl Scorer {
    /// Frames of the longest clip that is taken whole, where the front end cuts no examples.
    pub fn longest_whole(&self) -> usize {
        ((LONGEST_SECONDS * self.extractor.frames_per_second()) as usize).max(1)
    }
}

/// What stands for a clip without a frame: as much silence as makes one.
fn silent(extractor: &Extractor) -> Result<Features, FeatureError> {
    let mut samples = 1;
    while extractor.frames(samples) == 0 {
        samples *= 2;
    }
    extractor.base(&vec![0.0; samples], &mut extractor.scratch())
}
