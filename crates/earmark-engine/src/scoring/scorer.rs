//! From clips to scores: the mean over a clip's examples of the network's scores.

use super::pending::Pending;
use crate::loss::Loss;
use crate::scoring::random_crops::{StretchMean, Stretches};
use crate::scoring::segments::TileScores;
use burn::tensor::{Device, Tensor, TensorData};
use earmark_core::threads::Workers;
use earmark_features::{Extractor, FeatureError, Features};
use earmark_models::{Forward, Network, Vars, vars::to_host};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

/// A trained network with what turns its logits into scores.
#[derive(Clone, Debug)]
pub struct Scorer {
    /// The layers.
    pub network: Network,
    /// Their values, on the device to compute on.
    pub vars: Vars,
    /// What a score is.
    pub loss: Loss,
    /// The front end whose features go in.
    pub extractor: Arc<Extractor>,
    /// Random stretches of several lengths, in place of the extractor's examples.
    pub stretches: Option<Stretches>,
    /// Examples of one forward pass.
    pub batch: usize,
    /// Where to compute.
    pub device: Device,
}

/// What a forward pass makes of examples, row-major, of what is known of their clips besides (row-major, empty where nothing is) and of the
/// examples' shape: numbers of each, row-major.
pub type Pass = fn(&Scorer, Vec<f32>, Vec<f32>, [usize; 4]) -> Vec<f32>;

/// What came of one clip.
pub type ClipResult<E> = Result<Vec<f32>, E>;

/// Why clips can't be scored at all. What is wrong with a single file is the caller's own error instead.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// A clip without a single example has no mean of scores.
    #[error("clip {clip} of the list gives no example; leave it out")]
    NoExample {
        /// Its index.
        clip: usize,
    },
    /// Features of another front end than the scorer's.
    #[error(
        "clip {clip} of the list can't be cut into examples: {cause}; its features are those of another front end"
    )]
    Features {
        /// Its index.
        clip: usize,
        /// What does not fit.
        cause: FeatureError,
    },
}

impl Scorer {
    /// Scores `count` clips in order; false when stopped before the end. `fetch` gives base features and is called on `workers`, as
    /// many clips at a time as there are threads; `done` receives each clip's scores (or its error) in order and returns whether to
    /// go on. Examples of different clips share forward passes. Where the front end cuts no examples, a clip of up to a minute is one of
    /// its own length, and a longer one is cut into equal pieces. Once `stop` is set, no other forward pass begins.
    ///
    /// # Errors
    ///
    /// When the features can't be cut into examples; see [`ScoreError`].
    pub fn score<E: Send>(
        &self,
        count: usize,
        workers: &Workers,
        fetch: impl Fn(usize) -> Result<Arc<Features>, E> + Sync,
        stop: &AtomicBool,
        mut done: impl FnMut(usize, ClipResult<E>) -> bool,
    ) -> Result<bool, ScoreError> {
        self.score_tiles(count, workers, fetch, stop, |clip, tiles| {
            done(clip, tiles.map(|tiles| self.mean(&tiles)))
        })
    }

    /// A clip's scores from those of its examples.
    pub fn mean(&self, tiles: &TileScores) -> Vec<f32> {
        match self.stretches.as_ref().map(|s| s.mean) {
            Some(StretchMean::Geometric) => tiles.geometric_mean(),
            Some(StretchMean::Arithmetic) | None => tiles.mean(),
        }
    }

    /// As [`Self::score`], with the scores of each example.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn score_tiles<E: Send>(
        &self,
        count: usize,
        workers: &Workers,
        fetch: impl Fn(usize) -> Result<Arc<Features>, E> + Sync,
        stop: &AtomicBool,
        done: impl FnMut(usize, Result<TileScores, E>) -> bool,
    ) -> Result<bool, ScoreError> {
        self.run_tiles(Self::scores, count, workers, fetch, stop, done)
    }

    /// As [`Self::score_tiles`], with what `pass` makes of examples: [`Self::scores`], [`Self::embeddings`] or [`Self::logits`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn run_tiles<E: Send>(
        &self,
        pass: Pass,
        count: usize,
        workers: &Workers,
        fetch: impl Fn(usize) -> Result<Arc<Features>, E> + Sync,
        stop: &AtomicBool,
        mut done: impl FnMut(usize, Result<TileScores, E>) -> bool,
    ) -> Result<bool, ScoreError> {
        let ahead = workers.count();
        let stopped = || stop.load(Ordering::Relaxed);
        let mut pending = Pending::new(self, pass, stop);
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Vec<Option<Result<Arc<Features>, E>>>>(1);
            let fetch = &fetch;
            // One thread that waits; the work is done by the workers.
            scope.spawn(move || {
                for start in (0..count).step_by(ahead) {
                    let group = start..(start + ahead).min(count);
                    let one = |i| (!stopped()).then(|| fetch(i));
                    let group = workers.run(|| group.into_par_iter().map(one).collect());
                    if send.send(group).is_err() {
                        return; // nobody wants more
                    }
                }
            });
            for (index, clip) in receive.into_iter().flatten().enumerate() {
                let go_on = match clip {
                    None => false,
                    Some(Ok(features)) => pending.add(index, &features, &mut done)?,
                    // Results stay in order, so what came before goes first.
                    Some(Err(e)) => pending.flush(&mut done) && done(index, Err(e)),
                };
                if !go_on {
                    return Ok(false);
                }
            }
            Ok(pending.flush(&mut done))
        })
    }

    /// Scores of examples, row-major `[examples, classes]`, by a network that hears nothing besides.
    pub fn examples(&self, x: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
        self.scores(x, Vec::new(), shape)
    }

    /// As [`Self::examples`], with what is known of their clips besides.
    pub fn scores(&self, x: Vec<f32>, side: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
        let (x, mut ctx) = self.input(x, side, shape);
        to_host(self.loss.scores(self.network.forward(x, &mut ctx)))
    }

    /// Embeddings of examples, row-major `[examples, features]`: what the network's head classifies.
    pub fn embeddings(&self, x: Vec<f32>, side: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
        let (x, mut ctx) = self.input(x, side, shape);
        to_host(self.network.embed(x, &mut ctx))
    }

    /// Logits of examples, row-major `[examples, classes]`.
    pub fn logits(&self, x: Vec<f32>, side: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
        let (x, mut ctx) = self.input(x, side, shape);
        to_host(self.network.forward(x, &mut ctx))
    }

    fn input(&self, x: Vec<f32>, side: Vec<f32>, shape: [usize; 4]) -> (Tensor<4>, Forward<'_>) {
        let side = side_tensor(&self.network, side, shape[0], &self.device);
        let x = Tensor::<4>::from_data(TensorData::new(x, shape), &self.device);
        (x, Forward::eval(&self.vars).with_side(side))
    }
}

/// `[examples, numbers]` for a network that takes what is known of the clips besides; nothing for others.
pub(crate) fn side_tensor(
    network: &Network,
    side: Vec<f32>,
    examples: usize,
    device: &Device,
) -> Option<Tensor<2>> {
    let numbers = network.side_inputs();
    (numbers > 0).then(|| Tensor::from_data(TensorData::new(side, [examples, numbers]), device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::config::TrainConfig;
    use earmark_features::FrontEnd;
    use earmark_models::NetworkConfig;
    use earmark_models::mobilenet_v1::MobileNetV1Config;

    /// Examples of 32 frames every 16, three a forward pass.
    fn scorer(examples: bool) -> Scorer {
        let mut front_end: FrontEnd = serde_json::from_str(
            r#"{ "sample-rate-hz": 8000, "stft": { "window-samples": 200, "hop-samples": 80 }, "level": "linear",
                 "mel": { "bands": 16, "min-hz": 50, "max-hz": 4000 }, "examples": { "length-frames": 32, "hop-frames": 16 } }"#,
        )
        .unwrap();
        if !examples {
            front_end.examples = None;
        }
        let config = NetworkConfig::MobileNetV1(MobileNetV1Config {
            width: 0.25,
            ..Default::default()
        });
        let (network, specs) = Network::build(&config, 1, 3).unwrap();
        let train: TrainConfig = serde_json::from_str(r#"{ "learning-rate": 0.001 }"#).unwrap();
        Scorer {
            network,
            vars: Vars::init(specs, 1, &Device::flex()),
            loss: train.loss,
            extractor: Arc::new(Extractor::new(&front_end).unwrap()),
            stretches: None,
            batch: 3,
            device: Device::flex(),
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
            side: Vec::new(),
        })
    }

    /// The mean of the scores of the examples, each by itself.
    fn oracle(scorer: &Scorer, features: &Features) -> Vec<f64> {
        let e = &scorer.extractor;
        let mut sum = [0.0; 3];
        for i in 0..e.examples(features) {
            let example = e.finish(&e.example(features, i).unwrap()).unwrap();
            let scores = scorer.examples(example.data, [1, 1, 16, 32]);
            sum.iter_mut().zip(scores).for_each(|(s, v)| *s += f64::from(v));
        }
        sum.iter().map(|s| s / e.examples(features) as f64).collect()
    }

    #[test]
    fn a_clip_scores_the_mean_of_its_examples_whatever_shares_its_passes() {
        let scorer = scorer(true);
        let frames = [10, 0, 70, 33, 200, 16, 1];
        for threads in [1, 3] {
            let mut seen = Vec::new();
            let whole = scorer.score(
                frames.len(),
                &Workers::new(threads).unwrap(),
                |i| {
                    if i == 3 {
                        Err("broken")
                    } else {
                        Ok(clip(frames[i]))
                    }
                },
                &AtomicBool::new(false),
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

    #[test]
    fn nothing_begins_after_a_stop() {
        let scorer = scorer(true);
        let workers = Workers::new(2).unwrap();
        let stop = AtomicBool::new(false);
        let mut seen = 0;
        // A clip of hundreds of passes: the stop comes in the midst of the one after the first.
        let fetch = |i: usize| -> Result<_, &str> { Ok(clip(if i == 0 { 48 } else { 16_000 })) };
        let whole = scorer.score(3, &workers, fetch, &stop, |_, _| {
            seen += 1;
            stop.store(true, Ordering::Relaxed);
            true
        });
        assert!(!whole.unwrap());
        assert_eq!(seen, 1);
    }

    /// Clips of one, two and three pieces, of no frames, and of equal lengths beside each other.
    #[test]
    fn whole_clips_are_examples_of_their_own_length() {
        let scorer = scorer(false);
        // A hundred frames a second: a minute has 6,000.
        let frames = [33, 33, 33, 33, 7, 0, 6000, 6001, 13_000, 33, 1];
        let mut seen = Vec::new();
        let whole = scorer.score_tiles(
            frames.len(),
            &Workers::new(2).unwrap(),
            |i| -> Result<_, &str> { Ok(clip(frames[i])) },
            &AtomicBool::new(false),
            |i, result| {
                seen.push((i, result.unwrap()));
                true
            },
        );
        assert!(whole.unwrap());
        assert_eq!(seen.len(), frames.len());
        for (at, (i, tiles)) in seen.into_iter().enumerate() {
            assert_eq!(i, at);
            // Pieces of equal length, as few as cover the clip.
            let (length, starts): (usize, &[i64]) = match frames[i] {
                6001 => (3001, &[0, 3000]),
                13_000 => (4334, &[0, 4333, 8666]),
                n => (n, &[0]),
            };
            assert_eq!(tiles.starts, starts, "{} frames", frames[i]);
            if length == 0 {
                assert!(tiles.scores.iter().all(|s| s.is_finite()), "{tiles:?}");
                continue;
            }
            let features = clip(frames[i]);
            for (start, got) in starts.iter().zip(tiles.rows()) {
                let from = usize::try_from(*start).unwrap();
                let rows = features.data.chunks_exact(frames[i]);
                let piece = rows.flat_map(|row| row[from..from + length].to_vec()).collect();
                let wanted = scorer.examples(piece, [1, 1, 16, length]);
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
