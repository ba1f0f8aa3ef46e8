//! A ReLU with a trainable slope below zero.

use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, VarInit, VarKind};
use burn::tensor::{Tensor, activation};

/// `max(x, 0) + a min(x, 0)` with one `a` for all features (He et al. 2015, arXiv:1502.01852).
#[derive(Clone, Debug)]
pub struct Prelu {
    pub(super) slope: VarId,
}

impl Prelu {
    /// Declares the slope, which starts at 0.25, as the variable `name`.
    pub fn declare(b: &mut VarBuilder, name: &str) -> Self {
        Self {
            slope: b.add(name, &[1], VarKind::Trainable, VarInit::Constant(0.25)),
        }
    }

    /// Any shape to the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, ctx: &Forward) -> Tensor<D> {
        activation::prelu(x, ctx.flat(self.slope))
    }
}
