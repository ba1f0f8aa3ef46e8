//! The parts of a batch (`train.gradient-accumulation`): forward and backward pass of each, and their sum.

use super::TrainStep;
use crate::optim::Optimizer;
use crate::scoring::scorer::clip_features_tensor;
use crate::training::config::TrainConfig;
use burn::tensor::{Tensor, TensorData};
use earmark_core::random::ChaCha8Rng;
use earmark_models::{BatchStatistics, Forward, Network, VarId, Vars};

/// The losses of a network's outputs against `y`, summed with the network's weights; an output of weight 0 is left out.
fn total_loss(
    train: &TrainConfig,
    network: &Network,
    outputs: Vec<Tensor<2>>,
    y: &Tensor<2>,
    noisy: &[bool],
) -> Tensor<1> {
    let losses = outputs
        .into_iter()
        .zip(network.output_weights())
        .filter(|(_, weight)| *weight != 0.0)
        .map(|(logits, weight)| {
            let loss = train.loss.forward(logits, y.clone(), noisy);
            if weight == 1.0 {
                loss
            } else {
                loss.mul_scalar(weight)
            }
        });
    losses
        .reduce(|a, b| a + b)
        .expect("the first output's weight is above 0")
}

/// A part of a batch: all of it, unless `train.gradient-accumulation` cuts it.
struct Part {
    x: Vec<f32>,
    shape: [usize; 4],
    clip_features: Vec<f32>,
    y: Vec<f32>,
    noisy: Vec<bool>,
    /// Its share of the batch's examples.
    share: f64,
    rng: ChaCha8Rng,
}

impl TrainStep<'_> {
    /// Takes the batch apart, into as many parts as the recipe has, or fewer if there are fewer examples.
    fn take_parts(&mut self) -> Vec<Part> {
        let batch = self.shape[0];
        let size = batch.div_ceil(self.train.gradient_accumulation.max(1)).max(1);
        let mut rest = [&mut self.x, &mut self.clip_features, &mut self.y].map(std::mem::take);
        let each = [0, 1, 2].map(|k| rest[k].len() / batch);
        let mut parts = Vec::new();
        for begin in (0..batch).step_by(size) {
            let count = size.min(batch - begin);
            let [x, clip_features, y] = [0, 1, 2].map(|k| {
                let behind = rest[k].split_off(count * each[k]);
                std::mem::replace(&mut rest[k], behind)
            });
            // Masks of a part are its own; those of the first are those of the whole batch.
            let mut rng = self.rng.clone();
            rng.set_stream(rng.get_stream() + parts.len() as u64);
            let [_, channels, bands, frames] = self.shape;
            parts.push(Part {
                x,
                shape: [count, channels, bands, frames],
                clip_features,
                y,
                noisy: self.noisy.iter().skip(begin).take(count).copied().collect(),
                share: count as f64 / batch as f64,
                rng,
            });
        }
        parts
    }

    /// The share of a part in loss, gradients and statistics.
    fn compute(&self, part: Part, vars: &Vars, optimizer: &Optimizer) -> Computed {
        let device = self.device.clone().autodiff();
        let (network, batch) = (self.network, part.shape[0]);
        let classes = part.y.len() / batch;
        let x = Tensor::<4>::from_data(TensorData::new(part.x, part.shape), &device);
        let y = Tensor::<2>::from_data(TensorData::new(part.y, [batch, classes]), &device);
        let clip_features = clip_features_tensor(network, part.clip_features, batch, &device);
        let tracked = vars.tracked();
        let mut ctx = Forward::train(&tracked, part.rng)
            .with_clip_features(clip_features)
            .with_precision(self.train.precision_on(self.device));
        let loss = total_loss(self.train, network, network.outputs(x, &mut ctx), &y, &part.noisy);
        // A whole batch keeps its loss to the bit.
        let loss = if part.share < 1.0 {
            loss.mul_scalar(part.share)
        } else {
            loss
        };
        let statistics = ctx.into_statistics();
        let grads = loss.backward();
        let gradients = optimizer.trainable().iter().map(|&i| {
            let leaf = tracked.flat(VarId(i));
            // A variable that the loss does not depend on has no gradient.
            leaf.grad(&grads)
                .unwrap_or_else(|| vars.flat(VarId(i)).zeros_like())
        });
        Computed {
            gradients: gradients.collect(),
            loss: loss.inner(),
            statistics: statistics.into_iter().map(|s| (part.share, s)).collect(),
        }
    }

    /// Loss, gradients and statistics of the whole batch.
    pub(super) fn compute_all(&mut self, vars: &Vars, optimizer: &Optimizer) -> Computed {
        let parts = self.take_parts().into_iter();
        let mut parts = parts.map(|part| self.compute(part, vars, optimizer));
        let first = parts.next().expect("a batch has examples");
        parts.fold(first, Computed::plus)
    }
}

/// What a batch or a part of it gives.
pub(super) struct Computed {
    pub loss: Tensor<1>,
    pub gradients: Vec<Tensor<1>>,
    /// With the share of the batch that they are of.
    pub statistics: Vec<(f64, BatchStatistics)>,
}

impl Computed {
    /// With those of another part.
    fn plus(self, other: Self) -> Self {
        let gradients = self.gradients.into_iter().zip(other.gradients);
        let statistics = self.statistics.into_iter().zip(other.statistics);
        Self {
            loss: self.loss + other.loss,
            gradients: gradients.map(|(a, b)| a + b).collect(),
            statistics: statistics
                .map(|((a, these), (b, those))| (a + b, these.mean_with(those, b / (a + b))))
                .collect(),
        }
    }
}
