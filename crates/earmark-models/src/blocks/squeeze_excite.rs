//! Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507): a factor for each channel from the means of all.

use super::dense::Dense;
use super::gate::gate;
use super::pool::global_mean;
use crate::batch_norm_statistics::without_gradients;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, WeightInit};
use burn::tensor::{Tensor, activation};
use earmark_kernels::burn_ops::SqueezeVariables;

/// Means of the planes, dense, ReLU, dense, sigmoid; then each plane times its factor.
#[derive(Clone, Debug)]
pub struct SqueezeExcite {
    pub(super) reduce: Dense,
    pub(super) expand: Dense,
}

impl SqueezeExcite {
    /// Declares `reduce.*` `[squeezed, channels]` and `expand.*` `[channels, squeezed]` under `prefix`.
    pub fn declare(
        b: &mut VarBuilder,
        prefix: &str,
        channels: usize,
        squeezed: usize,
        init: WeightInit,
    ) -> Self {
        Self {
            reduce: Dense::declare(b, &format!("{prefix}.reduce"), channels, squeezed, init),
            expand: Dense::declare(b, &format!("{prefix}.expand"), squeezed, channels, init),
        }
    }

    /// The names of all variables.
    pub(super) fn ids(&self) -> [VarId; 4] {
        let (reduce, expand) = (&self.reduce, &self.expand);
        [reduce.weight, reduce.bias, expand.weight, expand.bias]
    }

    /// The values of all variables, without gradients.
    pub(super) fn variables(&self, ctx: &Forward) -> SqueezeVariables {
        SqueezeVariables {
            reduce: without_gradients(ctx.var(self.reduce.weight)),
            reduce_bias: without_gradients(ctx.var(self.reduce.bias)),
            expand: without_gradients(ctx.var(self.expand.weight)),
            expand_bias: without_gradients(ctx.var(self.expand.bias)),
        }
    }

    /// `[B, C, H, W]` to the same shape.
    pub fn forward(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<4> {
        let seen = global_mean(x.clone(), ctx); // [B, C]
        let hidden = activation::relu(self.reduce.forward(seen, ctx)); // [B, squeezed]
        let factors = activation::sigmoid(self.expand.forward(hidden, ctx)); // [B, C]
        gate(x, factors, ctx)
    }
}
