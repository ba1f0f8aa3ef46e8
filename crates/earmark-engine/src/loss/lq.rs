//! The Lq loss, for labels that may be wrong.

use burn::tensor::{Tensor, activation};

/// What [`lq`] adds to each probability.
const SMALLEST: f64 = 1e-7;

/// The Lq loss (Zhang and Sabuncu 2018) of each class: `(1 - (p y + 1e-7)^q) / q`. Between cross-entropy (q towards 0) and
/// the mean absolute error (q = 1): the greater q, the less a label counts that the network finds unlikely.
///
/// Quirk(argus): it is summed over all classes, of which those without the label have the same value and no gradient.
pub(super) fn lq(x: Tensor<2>, y: Tensor<2>, q: f64) -> Tensor<2> {
    let power = (activation::sigmoid(x) * y).add_scalar(SMALLEST).powf_scalar(q);
    power.neg().add_scalar(1.0).div_scalar(q)
}
