//! Copies of clips that are moved and mixed with background, and of background at other speeds and levels: a sound in a
//! recording begins anywhere in a window and has others behind it, where clips often have nothing, and no background has
//! all that is there. Copies share labels, fold and group with what they are made of.

use super::background_pool::BackgroundPool;
use super::crop_and_shift::CropOrShift;
use super::example_sound::{ExampleSource, LONGEST_SECONDS, PieceCutter, SoundCutter, read_samples};
use super::examples::{ExampleCopy, Examples};
use super::mixing::CopyDraw;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::{FeatureStore, Item};
use earmark_engine::{ScoreJob, Scorer, ScorerOutput, SegmentScores};
use earmark_features::Features;
use earmark_models::Network;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Copies of each piece of background.
const OF_BACKGROUND: usize = 4;
/// The most copies of each clip that may be asked for.
const MOST: usize = 100;
/// The most sound that is decoded at a time, in seconds, unless a single recording is longer.
const DECODED_SECONDS: f64 = 600.0;

/// The shortest half of a clip that is a copy, in seconds.
const SHORTEST_HALF_SECONDS: f64 = 1.0;

/// Refuses a number of copies that no one can mean.
pub(super) fn check_copies(flag: &str, copies: usize, usual: usize) -> Result<(), PipelineError> {
    match copies <= MOST {
        true => Ok(()),
        false => Err(PipelineError::Request(format!(
            "{flag} {copies}: choose 0 to {MOST}; {usual} is usual"
        ))),
    }
}

/// Makes copies of examples.
pub(super) struct CopyMaker<'a> {
    /// Copies of each clip.
    pub per_clip: usize,
    /// Whether clips are cropped and shifted instead of being mixed with background.
    pub crops: bool,
    pub store: &'a FeatureStore,
    /// The network on whole clips, and on pieces of background.
    pub scorers: [&'a Scorer; 2],
    pub output: ScorerOutput,
    pub recordings: &'a [Item],
    /// Frames of each recording.
    pub frames: &'a [usize],
    /// Where each example is from: clips first, then background; those of one recording follow one another.
    pub sources: &'a [ExampleSource],
    pub observer: Observer<'a>,
    pub stop: &'a AtomicBool,
}

/// A copy to make.
struct CopyTask<'a> {
    draw: CopyDraw,
    /// Instead of what was drawn.
    crop: Option<CropOrShift>,
    copy: ExampleCopy,
    sound: &'a [f32],
    background: Option<&'a [f32]>,
}

impl CopyMaker<'_> {
    /// Adds copies of all background, then of all clips; false when stopped. They are the same for any number of
    /// threads: each is drawn by the number of its example and its own.
    pub fn add(&self, examples: &mut Examples, skipped: &mut Skips) -> Result<bool, PipelineError> {
        let (clips, all) = (examples.clips(), examples.originals());
        let mut pool = BackgroundPool::draw(&examples.items, clips..all);
        for part in [self.parts(clips..all), self.parts(0..clips)].concat() {
            if self.stop.load(Ordering::Relaxed) || !self.add_part(part, &mut pool, examples, skipped)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Examples whose recordings are decoded together.
    fn parts(&self, examples: Range<usize>) -> Vec<Range<usize>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut seconds = 0.0;
        for run in self.runs(examples) {
            let own = self.seconds(self.sources[run.start]);
            seconds += own;
            match parts.last_mut() {
                Some(part) if seconds <= DECODED_SECONDS => part.end = run.end,
                _ => {
                    seconds = own;
                    parts.push(run);
                }
            }
        }
        parts
    }

    /// The examples of each recording.
    fn runs(&self, part: Range<usize>) -> Vec<Range<usize>> {
        let mut end = part.start;
        let same = self.sources[part].chunk_by(|a, b| a.recording == b.recording);
        let range = |run: &[ExampleSource]| {
            let start = end;
            end += run.len();
            start..end
        };
        same.map(range).collect()
    }

    /// How much of a recording is kept in memory, in seconds.
    fn seconds(&self, source: ExampleSource) -> f64 {
        let extractor = self.store.extractor();
        let whole = self.frames[source.recording] as f64 / extractor.frames_per_second();
        match (extractor.front_end().handcrafted, source.start) {
            (false, Some(_)) => whole,
            (false, None) => whole.min(LONGEST_SECONDS),
            // Its one frame does not say how long a recording is.
            (true, _) => LONGEST_SECONDS,
        }
    }

    fn add_part(
        &self,
        part: Range<usize>,
        pool: &mut BackgroundPool,
        examples: &mut Examples,
        skipped: &mut Skips,
    ) -> Result<bool, PipelineError> {
        let (runs, extractor) = (self.runs(part.clone()), self.store.extractor());
        let items: Vec<&Item> = runs.iter().map(|run| self.item(run.start)).collect();
        let cutter = SoundCutter {
            sources: self.sources,
            pieces: self.pieces(),
        };
        let workers = self.store.workers();
        let read = |(item, run): (&&Item, &Range<usize>)| {
            let samples = read_samples(extractor, item);
            samples.map(|samples| cutter.needed(run, samples))
        };
        let recordings: Vec<Result<Vec<f32>, String>> =
            workers.run(|| items.par_iter().zip(&runs).map(read).collect());
        let mut sounds: Vec<(usize, &[f32])> = Vec::new();
        for (run, samples) in runs.iter().zip(&recordings) {
            match samples {
                Ok(samples) => sounds.extend(cutter.sounds(run, samples)),
                Err(reason) => self.skip(run.start, reason, skipped),
            }
        }
        let is_background = self.sources[part.start].start.is_some();
        let tasks: Vec<CopyTask> = match is_background {
            true => {
                let longest = self.samples(BackgroundPool::SECONDS);
                sounds.iter().for_each(|(i, sound)| pool.keep(*i, sound, longest));
                sounds.iter().flat_map(|sound| of_background(*sound)).collect()
            }
            false => {
                let (items, pool) = (&examples.items, &*pool);
                let of_all = sounds
                    .iter()
                    .flat_map(|sound| self.of_clip(*sound, items[sound.0].fold, pool));
                of_all.collect()
            }
        };
        self.score(
            &tasks,
            self.scorers[usize::from(is_background)],
            examples,
            skipped,
        )
    }

    /// The copies of a clip: parts of it, or each with a piece of background.
    fn of_clip<'s>(
        &self,
        (example, sound): (usize, &'s [f32]),
        fold: Option<u32>,
        pool: &'s BackgroundPool,
    ) -> Vec<CopyTask<'s>> {
        let pieces = pool.for_fold(fold);
        let of = |copy: usize| {
            let draw = CopyDraw::of(example, copy, pieces.len());
            let piece = pieces.get(draw.piece).copied();
            CopyTask {
                draw,
                crop: self.crops.then(|| CropOrShift::of(example, copy)),
                copy: ExampleCopy {
                    origin: example,
                    mixed_with: piece.map(|piece| piece.example),
                },
                sound,
                background: piece.map(|piece| piece.samples.as_slice()),
            }
        };
        (0..self.per_clip).map(of).collect()
    }

    /// Adds copies with their features; false when stopped.
    fn score(
        &self,
        tasks: &[CopyTask],
        scorer: &Scorer,
        examples: &mut Examples,
        skipped: &mut Skips,
    ) -> Result<bool, PipelineError> {
        let (store, sources, window) = (self.store, self.sources, self.pieces().window());
        let shortest = self.samples(SHORTEST_HALF_SECONDS);
        let job = ScoreJob {
            clips: tasks.len(),
            workers: store.workers(),
            stop: self.stop,
            own_passes: false,
        };
        let fetch = |task: usize| -> Result<Arc<Features>, String> {
            let CopyTask {
                draw,
                crop,
                copy,
                sound,
                background,
            } = &tasks[task];
            let samples = match (crop, sources[copy.origin].start) {
                (Some(crop), _) => crop.apply(sound, shortest),
                (None, None) => draw.of_clip(sound, *background, window),
                (None, Some(_)) => draw.of_background(sound),
            };
            let features = store.features_of(&samples);
            features.map(Arc::new).map_err(|error| error.to_string())
        };
        let total = examples.clips() * self.per_clip + examples.background() * OF_BACKGROUND;
        let is_whole = scorer.run_segments(self.output, &job, fetch, |task, scored| {
            let copy = tasks[task].copy;
            match scored.and_then(|segments| finite(segments, &scorer.network)) {
                Ok(segments) => {
                    // Of a piece, the one segment that it is.
                    let most = self.sources[copy.origin].start.map_or(usize::MAX, |_| 1);
                    let rows: Vec<&[f32]> = segments.rows().take(most).collect();
                    examples.push_copy(copy, &rows);
                }
                Err(reason) => self.skip(copy.origin, &reason, skipped),
            }
            let done = examples.copies().len();
            (self.observer)(Event::Scoring { done, total });
            true
        })?;
        Ok(is_whole)
    }

    /// How recordings are cut.
    fn pieces(&self) -> PieceCutter {
        PieceCutter::new(&self.scorers[1].extractor, self.store.hop_samples())
    }

    /// The number of samples of some seconds.
    fn samples(&self, seconds: f64) -> usize {
        (seconds * f64::from(self.store.extractor().front_end().sample_rate_hz)) as usize
    }

    /// The recording of an example.
    fn item(&self, example: usize) -> &Item {
        &self.recordings[self.sources[example].recording]
    }

    /// Names a recording that could be read before, once.
    fn skip(&self, example: usize, reason: &str, skipped: &mut Skips) {
        let file = &self.item(example).file;
        if skipped.iter().any(|(known, _)| known == file) {
            return;
        }
        let reason = format!("is used, but without copies: {reason}");
        (self.observer)(Event::Skipped {
            file,
            reason: &reason,
        });
        skipped.push((file.clone(), reason));
    }
}

/// The copies of a piece of background.
fn of_background((example, sound): (usize, &[f32])) -> Vec<CopyTask<'_>> {
    let of = |copy: usize| CopyTask {
        draw: CopyDraw::of(example, copy, 0),
        crop: None,
        copy: ExampleCopy {
            origin: example,
            mixed_with: None,
        },
        sound,
        background: None,
    };
    (0..OF_BACKGROUND).map(of).collect()
}

/// Refuses outputs that are not finite; of an imported graph that can't be computed, with what its runtime says.
fn finite(segments: SegmentScores, network: &Network) -> Result<SegmentScores, String> {
    match segments.scores.iter().all(|value| value.is_finite()) {
        true => Ok(segments),
        false => Err(match network.failure() {
            Some(failure) => format!("the model's ONNX graph: {failure}"),
            None => "the network's output is not finite".into(),
        }),
    }
}
