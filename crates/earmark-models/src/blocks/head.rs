//! The classifier that the argus-2019 system puts on each of its outputs.

use super::batch_norm::{BatchNorm, BatchNormConfig};
use super::dense::Dense;
use super::pool::global_mean;
use super::prelu::Prelu;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, WeightInit};
use burn::tensor::Tensor;

/// Sizes and rules of a [`Head`].
#[derive(Clone, Copy, Debug)]
pub struct HeadSpec {
    /// Input channels.
    pub input: usize,
    /// Features of the hidden layer.
    pub hidden: usize,
    /// Logits.
    pub classes: usize,
    /// Probability that a feature is dropped before the hidden layer; before the logits it is half of this.
    pub drop_prob: f64,
    /// BatchNorm of the hidden layer.
    pub batch_norm: BatchNormConfig,
}

/// Global mean, dropout, dense, PReLU, BatchNorm (in this order), half the dropout, dense.
#[derive(Clone, Debug)]
pub struct Head {
    /// Sizes and rules.
    pub spec: HeadSpec,
    pub(crate) hidden: Dense,
    pub(super) prelu: Prelu,
    pub(super) norm: BatchNorm,
    pub(crate) logits: Dense,
}

impl Head {
    /// Declares `dense`, `prelu`, `bn` and `logits` under `prefix`.
    pub fn declare(b: &mut VarBuilder, prefix: &str, spec: HeadSpec, init: WeightInit) -> Self {
        Self {
            spec,
            hidden: Dense::declare(b, &format!("{prefix}.dense"), spec.input, spec.hidden, init),
            prelu: Prelu::declare(b, &format!("{prefix}.prelu")),
            norm: BatchNorm::declare(b, &format!("{prefix}.bn"), spec.hidden, spec.batch_norm),
            logits: Dense::declare(b, &format!("{prefix}.logits"), spec.hidden, spec.classes, init),
        }
    }

    /// `[B, input, H, W]` to logits `[B, classes]`.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<2> {
        self.classify(global_mean(x, ctx), ctx)
    }

    /// From the mean of each plane `[B, input]` on.
    pub fn classify(&self, x: Tensor<2>, ctx: &mut Forward) -> Tensor<2> {
        let x = ctx.dropout(x, self.spec.drop_prob);
        let x = self.hidden.forward(x, ctx); // [B, hidden]
        let x = self.prelu.forward(x, ctx);
        let x = self.norm.forward(x, ctx);
        let x = ctx.dropout(x, self.spec.drop_prob / 2.0);
        self.logits.forward(x, ctx)
    }
}
