//! Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507): a factor for each channel from the means of all.

use super::activation::{Activation, activate};
use super::dense::Dense;
use super::gate::gate;
use super::pool::global_mean;
use crate::forward::Forward;
use crate::params::init::WeightInit;
use crate::params::spec::VarBuilder;
use burn::tensor::{Tensor, activation};

/// Means of the planes, dense, activation, dense, sigmoid; then each plane times its factor.
#[derive(Clone, Debug)]
pub struct SqueezeExcite {
    pub(super) reduce: Dense,
    pub(super) expand: Dense,
    pub(super) hidden: Activation,
}

impl SqueezeExcite {
    /// Declares `reduce.*` `[squeezed, channels]` and `expand.*` `[channels, squeezed]` under `scope`; `hidden` is the activation between them.
    pub fn declare(
        b: &mut VarBuilder,
        scope: &str,
        channels: usize,
        squeezed: usize,
        hidden: Activation,
        init: WeightInit,
    ) -> Self {
        Self {
            reduce: Dense::declare(b, &format!("{scope}.reduce"), channels, squeezed, init),
            expand: Dense::declare(b, &format!("{scope}.expand"), squeezed, channels, init),
            hidden,
        }
    }

    /// Channels between the two layers.
    pub fn squeezed(&self) -> usize {
        self.reduce.output
    }

    /// Weights of both layers, without biases; as many multiplies per input.
    pub fn weights(&self) -> usize {
        2 * self.reduce.input * self.reduce.output
    }

    /// `[B, C, H, W]` to the same shape.
    pub fn forward(&self, x: Tensor<4>, ctx: &Forward) -> Tensor<4> {
        let seen = global_mean(x.clone(), ctx); // [B, C]
        let hidden = activate(self.hidden, self.reduce.forward(seen, ctx)); // [B, squeezed]
        let factors = activation::sigmoid(self.expand.forward(hidden, ctx)); // [B, C]
        gate(x, factors, ctx)
    }
}
