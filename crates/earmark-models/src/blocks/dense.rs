//! Fully connected layer.

use crate::forward::Forward;
use crate::params::init::WeightInit;
use crate::params::spec::{VarBuilder, VarId, VarKind};
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
    /// Declares weight and bias under `scope`.
    pub fn declare(b: &mut VarBuilder, scope: &str, input: usize, output: usize, init: WeightInit) -> Self {
        let weight = b.add(
            format!("{scope}.weight"),
            &[output, input],
            VarKind::Trainable,
            init.with_fans(input, output),
        );
        let bias = b.add(
            format!("{scope}.bias"),
            &[output],
            VarKind::Trainable,
            init.bias(input),
        );
        Self {
            weight,
            bias,
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
