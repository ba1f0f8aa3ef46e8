//! BatchNorm (Ioffe and Szegedy 2015) with explicit moving statistics.

use crate::batch_norm_statistics::BatchStatistics;
use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, VarInit, VarKind};
use burn::tensor::{Tensor, module};

/// Settings of a BatchNorm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormConfig {
    /// Share of the old moving statistic that each step keeps (TensorFlow's `decay`, 1 - PyTorch's `momentum`). The DCASE baseline
    /// has 0.9997, at which the statistics are still 74 % their start after 1,000 steps: short trainings want 0.99.
    pub decay: f64,
    /// Added to the variance before the square root.
    pub epsilon: f64,
}

impl BatchNormConfig {
    /// With this decay and epsilon.
    pub const fn new(decay: f64, epsilon: f64) -> Self {
        Self { decay, epsilon }
    }
}

/// Scale, offset and moving statistics of `C` channels.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    pub(super) gamma: VarId,
    pub(super) beta: VarId,
    pub(super) mean: VarId,
    pub(super) variance: VarId,
    pub(super) config: BatchNormConfig,
}

impl BatchNorm {
    /// Declares the four variables under `prefix`.
    pub fn declare(b: &mut VarBuilder, prefix: &str, channels: usize, config: BatchNormConfig) -> Self {
        let mut add = |name: &str, kind, start| {
            let name = format!("{prefix}.{name}");
            b.add(name, &[channels], kind, VarInit::Constant(start))
        };
        Self {
            gamma: add("gamma", VarKind::Trainable, 1.0),
            beta: add("beta", VarKind::Trainable, 0.0),
            mean: add("mean", VarKind::Buffer, 0.0),
            variance: add("variance", VarKind::Buffer, 1.0),
            config,
        }
    }

    /// Keeps the scale at 1 (TensorFlow's `scale=False`): what follows scales by itself.
    pub fn unscaled(self, b: &mut VarBuilder) -> Self {
        b.fix(self.gamma);
        self
    }

    /// Whether a training pass uses the moving statistics and keeps them.
    pub(super) fn is_frozen(&self, ctx: &Forward) -> bool {
        ctx.is_frozen(self.mean) && ctx.is_frozen(self.variance)
    }

    /// Normalises `[B, C, ...]` per channel: by the batch's mean and biased variance in training, by the moving ones in
    /// evaluation and where they are frozen.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, ctx: &mut Forward) -> Tensor<D> {
        let (gamma, beta) = (ctx.var(self.gamma), ctx.var(self.beta));
        if !ctx.is_training() || self.is_frozen(ctx) {
            let (mean, variance) = (ctx.var(self.mean), ctx.var(self.variance));
            return module::batch_norm(x, gamma, beta, mean, variance, self.config.epsilon);
        }
        let dims = x.dims();
        let n = (dims.iter().product::<usize>() / dims[1]) as f64;
        let out = module::batch_norm_train(x, gamma, beta, self.config.epsilon);
        ctx.record(BatchStatistics {
            mean_id: self.mean,
            variance_id: self.variance,
            mean: out.mean,
            // The moving variance takes the unbiased estimate, as TensorFlow's fused BatchNorm and PyTorch do.
            variance: out.variance.mul_scalar(n / (n - 1.0).max(1.0)),
            decay: self.config.decay,
        });
        out.output
    }
}
