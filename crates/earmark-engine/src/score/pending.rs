//! Examples that wait for a full forward pass.

use super::{Pass, ScoreError, Scorer};
use crate::tiles::{TileScores, Tiling, pieces};
use earmark_features::{Extractor, FeatureError, Features};
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
}

/// A clip whose examples are not all scored yet.
struct Waiting {
    clip: usize,
    tiles: TileScores,
    scored: usize,
}

/// Examples that wait for a full forward pass, and the clips they belong to.
pub(super) struct Pending<'a> {
    scorer: &'a Scorer,
    pass: Pass,
    stop: &'a AtomicBool,
    cut: Cut,
    /// Frames of each example that waits; all have the same.
    frames: usize,
    x: Vec<f32>,
    /// What is known besides of the clip of each.
    side: Vec<f32>,
    rows: usize,
    clips: VecDeque<Waiting>,
}

impl<'a> Pending<'a> {
    pub fn new(scorer: &'a Scorer, pass: Pass, stop: &'a AtomicBool) -> Self {
        let e = &scorer.extractor;
        let whole = || Cut::Whole(scorer.longest_whole());
        Self {
            scorer,
            pass,
            stop,
            cut: Tiling::of(e).map_or_else(whole, Cut::Tiles),
            frames: 0,
            x: Vec::new(),
            side: Vec::new(),
            rows: 0,
            clips: VecDeque::new(),
        }
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
        let side = features.side.clone();
        let silence;
        let (features, frames, starts) = match &self.cut {
            Cut::Tiles(tiling) => {
                let starts = tiling.starts(features.frames, extractor.examples(features));
                (features, tiling.length(), starts)
            }
            Cut::Whole(longest) => {
                let features = if features.frames == 0 {
                    silence = silent(extractor).map_err(unfit)?;
                    &silence
                } else {
                    features
                };
                let (length, starts) = pieces(features.frames, *longest);
                (features, length, starts)
            }
        };
        if starts.is_empty() {
            return Err(ScoreError::NoExample { clip });
        }
        // Examples of another length can't share a pass.
        if frames != self.frames && !self.flush(done) {
            return Ok(false);
        }
        self.frames = frames;
        let most = match self.cut {
            Cut::Tiles(_) => self.scorer.batch,
            Cut::Whole(_) => (WHOLE_FRAMES / frames).clamp(1, self.scorer.batch),
        };
        self.clips.push_back(Waiting {
            clip,
            tiles: TileScores {
                starts: starts.clone(),
                scores: Vec::new(),
            },
            scored: 0,
        });
        for (i, start) in starts.into_iter().enumerate() {
            self.side.extend_from_slice(&side);
            let example = match self.cut {
                Cut::Tiles(_) => extractor.example(features, i),
                Cut::Whole(_) => Ok(piece(features, start, frames)),
            };
            let example = example.and_then(|e| extractor.finish(&e)).map_err(unfit)?;
            self.x.extend_from_slice(&example.data);
            self.rows += 1;
            if self.rows == most && !self.run(done) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Scores what waits; false when stopped.
    pub fn flush<E>(&mut self, done: &mut impl FnMut(usize, Result<TileScores, E>) -> bool) -> bool {
        self.rows == 0 || self.run(done)
    }

    /// One forward pass over all waiting examples; hands out the clips that are complete by it. False when stopped.
    fn run<E>(&mut self, done: &mut impl FnMut(usize, Result<TileScores, E>) -> bool) -> bool {
        if self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let e = &self.scorer.extractor;
        let shape = [self.rows, e.channels(), e.bands(), self.frames];
        let scores = (self.pass)(
            self.scorer,
            std::mem::take(&mut self.x),
            std::mem::take(&mut self.side),
            shape,
        );
        let classes = scores.len() / self.rows.max(1);
        self.rows = 0;
        let mut rows = scores.chunks_exact(classes.max(1));
        for clip in &mut self.clips {
            while clip.scored < clip.tiles.starts.len() {
                let Some(row) = rows.next() else { break };
                clip.tiles.scores.extend_from_slice(row);
                clip.scored += 1;
            }
        }
        while let Some(Waiting { clip, tiles, .. }) =
            self.clips.pop_front_if(|c| c.scored == c.tiles.starts.len())
        {
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
