//! The focal loss: classes that are right already count less.

use super::cross_entropy::softplus;
use burn::tensor::Tensor;

/// The focal loss (Lin et al. 2017) of each class: `-(1 - p)^gamma ln p` for a label, `-p^gamma ln(1 - p)` for its absence, weighted by the
/// target. `positive` is the weight of the first; the second weighs the rest to 1.
pub(super) fn focal(x: Tensor<2>, y: Tensor<2>, gamma: f64, positive: Option<f64>) -> Tensor<2> {
    let up = softplus(x.clone()); // -ln(1 - p)
    let down = softplus(x.neg()); // -ln p
    let with = up.clone().mul_scalar(-gamma).exp() * down.clone() * y.clone();
    let without = down.mul_scalar(-gamma).exp() * up * y.neg().add_scalar(1.0);
    match positive {
        None => with + without,
        Some(share) => with.mul_scalar(share) + without.mul_scalar(1.0 - share),
    }
}
