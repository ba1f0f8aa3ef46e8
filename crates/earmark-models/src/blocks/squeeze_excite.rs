//! Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507): a factor for each channel from the means of all.

use super::dense::Dense;
use super::gate::gate;
use super::pool::global_mean;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, WeightInit};
use burn::tensor::{Tensor, activation};

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

    /// `[B, C, H, W]` to the same shape.
    pub fn forward(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<4> {
        let seen = global_mean(x.clone(), ctx); // [B, C]
        let hidden = activation::relu(self.reduce.forward(seen, ctx)); // [B, squeezed]
        let factors = activation::sigmoid(self.expand.forward(hidden, ctx)); // [B, C]
        gate(x, factors, ctx)
    }
}
