//! The LSTM (Hochreiter and Schmidhuber 1997) in PyTorch's form: two biases, and gates in the order input, forget,
//! cell, output.

use super::dense::Dense;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, WeightInit};
use burn::tensor::{Tensor, activation};

/// One direction: what the four gates take from the input of a step, and what from the output of the step before.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    pub(super) input: Dense,
    pub(super) hidden: Dense,
}

/// Two LSTMs over the same steps, the first from the first step on, the second from the last one back.
#[derive(Clone, Debug)]
pub struct BidirectionalLstm {
    /// Features of a step, and of what each direction makes of it.
    pub width: usize,
    pub(super) directions: [Direction; 2],
}

impl BidirectionalLstm {
    /// Declares `forward.input`, `forward.hidden`, `backward.input` and `backward.hidden` under `prefix`: weights
    /// `[4 width, width]` and biases.
    pub fn declare(b: &mut VarBuilder, prefix: &str, width: usize, init: WeightInit) -> Self {
        let directions = ["forward", "backward"].map(|direction| {
            let mut part = |name: &str| {
                let prefix = format!("{prefix}.{direction}.{name}");
                Dense::declare(b, &prefix, width, 4 * width, init)
            };
            Direction {
                input: part("input"),
                hidden: part("hidden"),
            }
        });
        Self { width, directions }
    }

    /// Number of weights without biases, each of which multiplies once at every step.
    pub fn weights(&self) -> usize {
        16 * self.width * self.width
    }

    /// `[steps, B, width]` to the mean over all steps of both directions' outputs, `[B, 2 width]`.
    pub fn forward(&self, x: Tensor<3>, ctx: &Forward) -> Tensor<2> {
        let [steps, batch, width] = x.dims();
        let x: Tensor<2> = x.reshape([steps * batch, width]);
        let [forward, backward] = &self.directions;
        let forward = forward.mean(x.clone(), batch, false, ctx);
        Tensor::cat(vec![forward, backward.mean(x, batch, true, ctx)], 1)
    }
}

impl Direction {
    /// `[steps B, width]` to the mean of the outputs of all steps, `[B, width]`. Before the first step, output and cell
    /// are 0.
    fn mean(&self, x: Tensor<2>, batch: usize, backward: bool, ctx: &Forward) -> Tensor<2> {
        let width = self.hidden.input;
        // What the gates of all steps take from their inputs is one product, with both biases.
        let bias: Tensor<1> = ctx.var(self.hidden.bias);
        let gates = self.input.forward(x, ctx) + bias.unsqueeze::<2>();
        let mut steps = gates.split(batch, 0); // [B, 4 width] each
        if backward {
            steps.reverse();
        }
        let weight: Tensor<2> = ctx.var(self.hidden.weight);
        let weight = weight.transpose(); // [width, 4 width]
        let mut outputs: Vec<Tensor<2>> = Vec::with_capacity(steps.len());
        let mut cell: Option<Tensor<2>> = None;
        for gates in steps {
            let gates = match outputs.last() {
                Some(before) => gates + before.clone().matmul(weight.clone()),
                None => gates,
            };
            let gate = |k: usize| gates.clone().narrow(1, k * width, width); // [B, width]
            let new = activation::sigmoid(gate(0)) * gate(2).tanh();
            let now = match cell {
                Some(before) => activation::sigmoid(gate(1)) * before + new,
                None => new,
            };
            outputs.push(activation::sigmoid(gate(3)) * now.clone().tanh());
            cell = Some(now);
        }
        Tensor::stack::<3>(outputs, 0).mean_dim(0).squeeze_dim(0) // [B, width]
    }
}
