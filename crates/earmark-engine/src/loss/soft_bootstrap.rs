//! Soft bootstrapping: a loss that trusts the network's own scores in part, for labels that may be wrong.

use super::cross_entropy::cross_entropy;
use burn::tensor::{Tensor, activation};

/// Smallest probability that [`soft_bootstrap`] computes with.
const SMALLEST: f64 = 1e-7;

/// Soft bootstrapping (Reed et al. 2015, per class with sigmoids as in Fonseca et al. 2019 and argus-2019): binary
/// cross-entropy against `beta y + (1 - beta) p`, where no gradient goes through this target. Each class by itself.
///
/// Quirk(argus): probabilities below 1e-7 are raised to it, so that a class that scores lower gets no gradient, whatever its label.
pub(super) fn soft_bootstrap(x: Tensor<2>, y: Tensor<2>, beta: f64) -> Tensor<2> {
    let x = x.clamp_min((SMALLEST / (1.0 - SMALLEST)).ln());
    let p = activation::sigmoid(x.clone().detach());
    cross_entropy(x, y.mul_scalar(beta) + p.mul_scalar(1.0 - beta))
}
