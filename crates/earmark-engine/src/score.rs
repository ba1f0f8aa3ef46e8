//! From clips to scores: the mean over a clip's examples of the network's scores.

use crate::loss::Loss;
use burn::tensor::{Device, Tensor, TensorData};
use earmark_features::{Extractor, Features};
use earmark_models::{Forward, Network, Vars, vars::to_host};
use std::sync::Arc;
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
    /// Examples of one forward pass.
    pub batch: usize,
    /// Where to compute.
    pub device: Device,
}

/// What came of one clip.
pub type ClipResult<E> = Result<Vec<f32>, E>;

impl Scorer {
    /// Scores `count` clips in order. `fetch` gives base features and is called from other threads, `ahead` clips at a time;
    /// `done` receives each clip's scores (or its error) in order and returns whether to go on. Examples of different clips share
    /// forward passes.
    pub fn score<E: Send>(
        &self,
        count: usize,
        ahead: usize,
        fetch: impl Fn(usize) -> Result<Arc<Features>, E> + Sync,
        mut done: impl FnMut(usize, ClipResult<E>) -> bool,
    ) {
        let ahead = ahead.max(1);
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Vec<Result<Arc<Features>, E>>>(1);
            let fetch = &fetch;
            scope.spawn(move || {
                for start in (0..count).step_by(ahead) {
                    let end = (start + ahead).min(count);
                    // A thread a clip: `ahead` is about the number of cores.
                    let group = std::thread::scope(|s| {
                        let handles: Vec<_> = (start..end).map(|i| s.spawn(move || fetch(i))).collect();
                        handles
                            .into_iter()
                            .map(|h| h.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
                            .collect()
                    });
                    if send.send(group).is_err() {
                        return; // nobody wants more
                    }
                }
            });
            let mut pending = Pending::new(self);
            let mut index = 0;
            for group in receive {
                for clip in group {
                    let go_on = match clip {
                        Ok(features) => pending.add(index, &features, &mut |i, r| done(i, r)),
                        // Results stay in order, so what came before goes first.
                        Err(e) => pending.flush(&mut |i, r| done(i, r)) && done(index, Err(e)),
                    };
                    if !go_on {
                        return;
                    }
                    index += 1;
                }
            }
            pending.flush(&mut |i, r| done(i, r));
        });
    }

    /// Scores of examples, row-major `[examples, classes]`.
    pub fn examples(&self, x: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
        let x = Tensor::<4>::from_data(TensorData::new(x, shape), &self.device);
        let mut ctx = Forward::eval(&self.vars);
        to_host(self.loss.scores(self.network.forward(x, &mut ctx)))
    }
}

/// Examples that wait for a full forward pass, and the clips they belong to.
struct Pending<'a> {
    scorer: &'a Scorer,
    shape: [usize; 3],
    x: Vec<f32>,
    rows: usize,
    /// Clip, its examples, how many of them are scored, the sum of their scores.
    clips: std::collections::VecDeque<(usize, usize, usize, Vec<f64>)>,
}

impl<'a> Pending<'a> {
    fn new(scorer: &'a Scorer) -> Self {
        let e = &scorer.extractor;
        let shape = [e.channels(), e.bands(), e.example_frames().unwrap_or(0)];
        Self {
            scorer,
            shape,
            x: Vec::new(),
            rows: 0,
            clips: Default::default(),
        }
    }

    fn add<E>(
        &mut self,
        clip: usize,
        features: &Features,
        done: &mut impl FnMut(usize, ClipResult<E>) -> bool,
    ) -> bool {
        let extractor = &self.scorer.extractor;
        let examples = extractor.examples(features);
        self.clips.push_back((clip, examples, 0, Vec::new()));
        for i in 0..examples {
            let example = extractor.example(features, i).expect("an index below the count");
            let example = extractor
                .finish(&example)
                .expect("an example of the front end's own length");
            self.shape = [example.channels, example.bands, example.frames];
            self.x.extend_from_slice(&example.data);
            self.rows += 1;
            if self.rows == self.scorer.batch && !self.run(done) {
                return false;
            }
        }
        true
    }

    fn flush<E>(&mut self, done: &mut impl FnMut(usize, ClipResult<E>) -> bool) -> bool {
        self.rows == 0 || self.run(done)
    }

    /// One forward pass over all waiting examples; hands out the clips that are complete by it.
    fn run<E>(&mut self, done: &mut impl FnMut(usize, ClipResult<E>) -> bool) -> bool {
        let [c, b, t] = self.shape;
        let scores = self
            .scorer
            .examples(std::mem::take(&mut self.x), [self.rows, c, b, t]);
        let classes = scores.len() / self.rows.max(1);
        self.rows = 0;
        let mut rows = scores.chunks_exact(classes.max(1));
        for (_, examples, scored, sum) in &mut self.clips {
            sum.resize(classes, 0.0);
            while scored < examples {
                let Some(row) = rows.next() else { break };
                sum.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*v));
                *scored += 1;
            }
        }
        while let Some((clip, examples, _, sum)) = self
            .clips
            .pop_front_if(|(_, examples, scored, _)| scored == examples)
        {
            let mean = sum.iter().map(|s| (s / examples as f64) as f32).collect();
            if !done(clip, Ok(mean)) {
                return false;
            }
        }
        true
    }
}
