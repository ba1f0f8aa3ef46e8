//! From clips to scores: features are fetched by worker threads while segments of several clips share forward passes.

use super::score_error::ScoreError;
use super::scorer::{Scorer, ScorerOutput};
use super::segment_queue::Pending;
use super::segment_scores::SegmentScores;
use earmark_core::threads::Workers;
use earmark_features::Features;
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::Builder;

/// Which clips to score, and by what.
#[derive(Clone, Copy)]
pub struct ScoreJob<'a> {
    /// Number of clips.
    pub clips: usize,
    /// Threads that fetch features.
    pub workers: &'a Workers,
    /// Set from outside to begin no more forward passes.
    pub stop: &'a AtomicBool,
    /// Whether no two clips share a forward pass, so that the scores of each are the same to the last bit whatever else
    /// is scored.
    pub own_passes: bool,
}

impl Scorer {
    /// Scores clips in order; false when stopped before the end. `fetch` gives a clip's log-mel features and is called
    /// on the workers, for as many clips at a time as there are threads; `done` receives each clip's scores (or its
    /// error) in order and returns whether to continue. Segments of different clips share forward passes, unless each
    /// has its own. Where the front end cuts no segments, a clip of up to a minute is one segment, and a longer one is
    /// cut into equal pieces.
    ///
    /// # Errors
    ///
    /// When the features can't be cut into segments; see [`ScoreError`].
    pub fn score<E: Send>(
        &self,
        job: &ScoreJob,
        fetch: impl Fn(usize) -> Result<Arc<Features>, E> + Sync,
        mut done: impl FnMut(usize, Result<Vec<f32>, E>) -> bool,
    ) -> Result<bool, ScoreError> {
        self.run_segments(ScorerOutput::Scores, job, fetch, |clip, segments| {
            done(clip, segments.map(|segments| self.mean(&segments)))
        })
    }

    /// As [`Self::score`], with an output of the forward pass for each segment.
    ///
    /// # Errors
    ///
    /// As [`Self::score`].
    pub fn run_segments<E: Send>(
        &self,
        output: ScorerOutput,
        job: &ScoreJob,
        fetch: impl Fn(usize) -> Result<Arc<Features>, E> + Sync,
        mut done: impl FnMut(usize, Result<SegmentScores, E>) -> bool,
    ) -> Result<bool, ScoreError> {
        let &ScoreJob {
            clips,
            workers,
            stop,
            own_passes,
        } = job;
        let ahead = workers.count();
        let mut pending = Pending::new(self, output, stop);
        let starts = |clips: usize| (0..clips).step_by(ahead);
        let group = |start: usize| -> Vec<Option<Result<Arc<Features>, E>>> {
            let one = |i| (!job.stop.load(Ordering::Relaxed)).then(|| fetch(i));
            let group = start..(start + ahead).min(clips);
            workers.run(|| group.into_par_iter().map(one).collect())
        };
        let group = &group;
        std::thread::scope(|s| {
            let (send, receive) = sync_channel(1);
            // One thread that waits; the workers do the work.
            let in_advance = move || {
                for start in starts(clips) {
                    if send.send(group(start)).is_err() {
                        return; // nobody wants more
                    }
                }
            };
            let is_started = Builder::new().spawn_scoped(s, in_advance).is_ok();
            // Where the system starts no thread, clips are fetched when they are wanted.
            let when_wanted = starts(if is_started { 0 } else { clips }).map(group);
            let groups = receive.into_iter().chain(when_wanted);
            for (index, clip) in groups.flatten().enumerate() {
                let wants_more = match clip {
                    None => false,
                    Some(Ok(features)) => {
                        pending.add(index, &features, &mut done)? && (!own_passes || pending.flush(&mut done))
                    }
                    // Results stay in order, so what came before goes first.
                    Some(Err(e)) => pending.flush(&mut done) && done(index, Err(e)),
                };
                if !wants_more {
                    return Ok(false);
                }
            }
            Ok(pending.flush(&mut done))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Loss;
    use crate::scoring::scorer::SegmentBatch;
    use burn::tensor::Device;
    use earmark_features::{Extractor, FrontEnd};
    use earmark_models::networks::mobilenet_v1::MobileNetV1Config;
    use earmark_models::{Network, NetworkConfig, Vars};

    /// Segments of 32 frames every 16, three per forward pass.
    fn scorer(examples: bool) -> Scorer {
        let mut front_end: FrontEnd = serde_json::from_str(
            r#"{ "sample-rate-hz": 8000, "stft": { "window-samples": 200, "hop-samples": 80 }, "amplitude": "linear",
                 "mel": { "bands": 16, "min-hz": 50, "max-hz": 4000 },
                 "segments": { "length-frames": 32, "hop-frames": 16 } }"#,
        )
        .unwrap();
        if !examples {
            front_end.segments = None;
        }
        let config = NetworkConfig::MobileNetV1(MobileNetV1Config {
            width: 0.25,
            ..Default::default()
        });
        let (network, specs) = Network::build(&config, 1, 3).unwrap();
        Scorer {
            network,
            vars: Vars::init(specs, 1, &Device::flex()),
            loss: Loss::default(),
            extractor: Arc::new(Extractor::new(&front_end).unwrap()),
            random_crops: None,
            batch: 3,
            device: Device::flex(),
        }
    }

    fn job<'a>(clips: usize, workers: &'a Workers, stop: &'a AtomicBool) -> ScoreJob<'a> {
        ScoreJob {
            clips,
            workers,
            stop,
            own_passes: false,
        }
    }

    /// A clip with a pattern of its own.
    fn clip(frames: usize) -> Arc<Features> {
        let data = (0..16 * frames)
            .map(|i| ((i * i + frames) % 97) as f32 / 50.0)
            .collect();
        Arc::new(Features {
            channels: 1,
            bands: 16,
            frames,
            data,
            clip_features: Vec::new(),
        })
    }

    /// The mean of the scores of the segments, each by itself.
    fn oracle(scorer: &Scorer, features: &Features) -> Vec<f64> {
        let e = &scorer.extractor;
        let mut sum = [0.0; 3];
        for i in 0..e.segment_count(features.frames) {
            let example = e.postprocess(&e.segment(features, i).unwrap()).unwrap();
            let scores = scorer.scores(SegmentBatch::new(example.data, [1, 1, 16, 32]));
            sum.iter_mut().zip(scores).for_each(|(s, v)| *s += f64::from(v));
        }
        sum.iter()
            .map(|s| s / e.segment_count(features.frames) as f64)
            .collect()
    }

    #[test]
    fn a_clip_scores_the_mean_of_its_segments_whatever_shares_its_passes() {
        let scorer = scorer(true);
        let frames = [10, 0, 70, 33, 200, 16, 1];
        for threads in [1, 3] {
            let mut seen = Vec::new();
            let whole = scorer.score(
                &job(
                    frames.len(),
                    &Workers::new(threads).unwrap(),
                    &AtomicBool::new(false),
                ),
                |i| {
                    if i == 3 {
                        Err("broken")
                    } else {
                        Ok(clip(frames[i]))
                    }
                },
                |i, result| {
                    seen.push((i, result));
                    true
                },
            );
            assert!(whole.unwrap());
            assert_eq!(
                seen.iter().map(|(i, _)| *i).collect::<Vec<_>>(),
                [0, 1, 2, 3, 4, 5, 6]
            );
            for (i, result) in seen {
                let Ok(scores) = result else {
                    assert_eq!((i, result), (3, Err("broken")));
                    continue;
                };
                let wanted = oracle(&scorer, &clip(frames[i]));
                let worst = scores
                    .iter()
                    .zip(&wanted)
                    .map(|(s, w)| (f64::from(*s) - w).abs())
                    .fold(0.0, f64::max);
                // Sums of f32 in another order, through 27 layers.
                assert!(worst < 1e-5, "clip {i}: {scores:?} instead of {wanted:?}");
            }
        }
    }

    /// What a clip scores in its own passes, it scores alone, to the last bit.
    #[test]
    fn clips_with_passes_of_their_own_score_as_alone() {
        for scorer in [scorer(true), scorer(false)] {
            let scores = |frames: &[usize]| {
                let (workers, stop) = (Workers::new(2).unwrap(), AtomicBool::new(false));
                let job = ScoreJob {
                    own_passes: true,
                    ..job(frames.len(), &workers, &stop)
                };
                let mut seen = Vec::new();
                let fetch = |i: usize| -> Result<_, &str> { Ok(clip(frames[i])) };
                let whole = scorer.score(&job, fetch, |_, result| {
                    seen.push(result.unwrap());
                    true
                });
                assert!(whole.unwrap());
                seen
            };
            let frames = [33, 33, 70, 70, 70, 16, 200];
            for (frames, together) in frames.iter().zip(scores(&frames)) {
                assert_eq!(scores(&[*frames]), [together], "{frames} frames");
            }
        }
    }

    #[test]
    fn nothing_begins_after_a_stop() {
        let scorer = scorer(true);
        let workers = Workers::new(2).unwrap();
        let stop = AtomicBool::new(false);
        let mut seen = 0;
        // A clip of hundreds of passes: the stop comes in the middle of the one after the first.
        let fetch = |i: usize| -> Result<_, &str> { Ok(clip(if i == 0 { 48 } else { 16_000 })) };
        let whole = scorer.score(&job(3, &workers, &stop), fetch, |_, _| {
            seen += 1;
            stop.store(true, Ordering::Relaxed);
            true
        });
        assert!(!whole.unwrap());
        assert_eq!(seen, 1);
    }

    /// Clips of one, two and three pieces, of no frames, and of equal lengths next to each other.
    #[test]
    fn whole_clips_are_segments_of_their_own_length() {
        let scorer = scorer(false);
        // A hundred frames a second: a minute has 6,000.
        let frames = [33, 33, 33, 33, 7, 0, 6000, 6001, 13_000, 33, 1];
        let mut seen = Vec::new();
        let whole = scorer.run_segments(
            ScorerOutput::Scores,
            &job(frames.len(), &Workers::new(2).unwrap(), &AtomicBool::new(false)),
            |i| -> Result<_, &str> { Ok(clip(frames[i])) },
            |i, result| {
                seen.push((i, result.unwrap()));
                true
            },
        );
        assert!(whole.unwrap());
        assert_eq!(seen.len(), frames.len());
        for (at, (i, segments)) in seen.into_iter().enumerate() {
            assert_eq!(i, at);
            // Pieces of equal length, as few as cover the clip.
            let (length, starts): (usize, &[i64]) = match frames[i] {
                6001 => (3001, &[0, 3000]),
                13_000 => (4334, &[0, 4333, 8666]),
                n => (n, &[0]),
            };
            assert_eq!(segments.starts, starts, "{} frames", frames[i]);
            if length == 0 {
                assert!(segments.scores.iter().all(|s| s.is_finite()), "{segments:?}");
                continue;
            }
            let features = clip(frames[i]);
            for (start, got) in starts.iter().zip(segments.rows()) {
                let from = usize::try_from(*start).unwrap();
                let rows = features.data.chunks_exact(frames[i]);
                let piece = rows.flat_map(|row| row[from..from + length].to_vec()).collect();
                let wanted = scorer.scores(SegmentBatch::new(piece, [1, 1, 16, length]));
                for (g, w) in got.iter().zip(&wanted) {
                    assert!(
                        (g - w).abs() < 1e-5,
                        "{} frames from {start}: {got:?}, {wanted:?}",
                        frames[i]
                    );
                }
            }
        }
    }
}
