//! Fully connected layer.

use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, WeightInit};
use burn::tensor::Tensor;

/// `y = x W^T + b` with `W` of shape `[out, in]`.
#[derive(Clone, Debug)]
pub struct Dense {
    pub(super) weight: VarId,
    pub(super) bias: VarId,
    /// Input features.
    pub input: usize,
    /// Output features.
    pub output: usize,
}

impl Dense {
    /// Declares weight and bias under `prefix`.
    pub fn declare(b: &mut VarBuilder, prefix: &str, input: usize, output: usize, init: WeightInit) -> Self {
        let start = init.with_fans(input, output);
        Self {
            weight: b.trainable(prefix, "weight", &[output, input], start),
            bias: b.trainable(prefix, "bias", &[output], init.bias(input)),
            input,
            output,
        }
    }

    /// `[B, in]` to `[B, out]`.
    pub fn forward(&self, x: Tensor<2>, ctx: &Forward) -> Tensor<2> {
        let weight: Tensor<2> = ctx.var(self.weight);
        let bias: Tensor<1> = ctx.var(self.bias);
        x.matmul(weight.transpose()) + bias.unsqueeze()
    }
}
