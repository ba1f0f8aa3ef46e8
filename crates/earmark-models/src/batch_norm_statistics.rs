//! The moving statistics of BatchNorm: what a training pass records of its batch, and how the moving mean and variance follow it.

use crate::params::{VarId, Vars};
use burn::tensor::Tensor;

/// New batch statistics for a pair of moving averages.
#[derive(Debug)]
pub struct BatchStatistics {
    /// Moving mean to update.
    pub mean_id: VarId,
    /// Moving variance to update.
    pub variance_id: VarId,
    /// The batch's mean, `[C]`.
    pub mean: Tensor<1>,
    /// The batch's unbiased variance, `[C]`.
    pub variance: Tensor<1>,
    /// Share of the old value that the moving average keeps.
    pub decay: f64,
}

/// A tensor without its gradients, where it is one that can have them.
pub(crate) fn without_gradients(t: Tensor<1>) -> Tensor<1> {
    if t.is_autodiff() { t.inner() } else { t }
}

/// Moves the moving averages towards a pass's batch statistics: `m = decay m + (1 - decay) batch`.
pub fn apply_statistics(vars: &mut Vars, statistics: Vec<BatchStatistics>) {
    for s in statistics {
        for (id, batch) in [(s.mean_id, s.mean), (s.variance_id, s.variance)] {
            let batch = without_gradients(batch).mul_scalar(1.0 - s.decay);
            let moved = vars.flat(id).mul_scalar(s.decay) + batch;
            vars.set(id, moved);
        }
    }
}
