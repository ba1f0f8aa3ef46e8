//! One training step: forward, loss, backward, clip, move.

use crate::config::TrainConfig;
use crate::optimizer::{Optimizer, clip};
use burn::tensor::{Device, Tensor, TensorData};
use earmark_data::rng::ChaCha8Rng;
use earmark_models::{Forward, Network, VarId, Vars, forward::apply_statistics, vars::to_host};

/// What a step says about itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Loss of the batch, before the weights moved.
    pub loss: f64,
    /// Norm of all gradients together, before clipping; only where the recipe clips.
    pub gradient_norm: Option<f64>,
}

/// Moves `vars` one step down the loss of a batch: `x` of `shape` `[B, channels, bands, frames]`, `y` `[B, classes]`. A loss
/// that is not finite moves nothing. Dropout masks come from `rng`.
#[expect(clippy::too_many_arguments, reason = "each is another thing; a struct would only name them again")]
pub fn train_step(
    train: &TrainConfig,
    network: &Network,
    vars: &mut Vars,
    optimizer: &mut Optimizer,
    (x, shape): (Vec<f32>, [usize; 4]),
    y: Vec<f32>,
    rate: f64,
    rng: ChaCha8Rng,
    device: &Device,
) -> StepResult {
    let device = device.clone().autodiff();
    let classes = y.len() / shape[0];
    let x = Tensor::<4>::from_data(TensorData::new(x, shape), &device);
    let y = Tensor::<2>::from_data(TensorData::new(y, [shape[0], classes]), &device);
    let tracked = vars.tracked();
    let mut ctx = Forward::train(&tracked, rng);
    let loss = train.loss.forward(network.forward(x, &mut ctx), y);
    let statistics = ctx.into_statistics();
    let grads = loss.backward();
    let loss = f64::from(to_host(loss.inner())[0]);
    if !loss.is_finite() {
        return StepResult { loss, gradient_norm: None };
    }
    let mut gradients: Vec<Tensor<1>> = optimizer
        .trainable()
        .iter()
        .map(|&i| {
            let leaf = tracked.flat(VarId(i));
            // A variable that the loss does not depend on has no gradient.
            leaf.grad(&grads).unwrap_or_else(|| vars.flat(VarId(i)).zeros_like())
        })
        .collect();
    drop(grads);
    let mut gradient_norm = None;
    if let Some(limit) = train.gradient_clip {
        let (clipped, norm) = clip(limit, gradients);
        (gradients, gradient_norm) = (clipped, Some(norm));
    }
    optimizer.step(vars, gradients, rate);
    apply_statistics(vars, statistics);
    StepResult { loss, gradient_norm }
}
