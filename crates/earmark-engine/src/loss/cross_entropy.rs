//! Cross-entropy, of sigmoids and of a softmax: of logits `[B, C]` and targets `[B, C]`, written so that no logit overflows.
//!
//! A target is 0 or 1, or between them where examples were mixed or labels smoothed; every loss is defined for those too.

use burn::tensor::{Tensor, activation};

/// `ln(1 + e^x)`, which is `-ln(1 - sigmoid x)`. Its slope at 0 is 1/2, which a `relu` in its place would not have.
pub(super) fn softplus(x: Tensor<2>) -> Tensor<2> {
    let size = x.clone().abs();
    (x + size.clone()).mul_scalar(0.5) + size.neg().exp().log1p()
}

/// Binary cross-entropy of each class: `ln(1 + e^x) - x y`.
pub(super) fn cross_entropy(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    let size = x.clone().abs();
    let soft = size.clone().neg().exp().log1p();
    (x.clone() + size).mul_scalar(0.5) - x * y + soft
}

/// Cross-entropy of a softmax, the term of each class: `-y ln p`.
pub(super) fn softmax_cross_entropy(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    activation::log_softmax(x, 1) * y.neg()
}
