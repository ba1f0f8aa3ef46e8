//! The losses themselves: of logits `[B, C]` and targets `[B, C]`, written so that no logit overflows.
//!
//! A target is 0 or 1, or between them where examples were mixed or labels smoothed; every loss here is defined for those too.

use burn::tensor::{Tensor, activation};

/// `ln p` of a class that does not take part: far below all others, and still a number.
const NOWHERE: f64 = -1e9;

/// Smallest probability that [`soft_bootstrap`] computes with, and what [`lq`] adds to each.
const SMALLEST: f64 = 1e-7;

/// `ln(1 + e^x)`, which is `-ln(1 - sigmoid x)`. Its slope at 0 is 1/2, which a `relu` in its place would not have.
fn softplus(x: Tensor<2>) -> Tensor<2> {
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

/// Soft bootstrapping (Reed et al. 2015, per class with sigmoids as in Fonseca et al. 2019 and argus-2019): binary
/// cross-entropy against `beta y + (1 - beta) p`, where no gradient goes through this target. Each class by itself.
///
/// Quirk(argus): probabilities below 1e-7 are raised to it, so that a class that scores lower gets no gradient, whatever its label.
pub(super) fn soft_bootstrap(x: Tensor<2>, y: Tensor<2>, beta: f64) -> Tensor<2> {
    let x = x.clamp_min((SMALLEST / (1.0 - SMALLEST)).ln());
    let p = activation::sigmoid(x.clone().detach());
    cross_entropy(x, y.mul_scalar(beta) + p.mul_scalar(1.0 - beta))
}

/// The Lq loss (Zhang and Sabuncu 2018) of each class: `(1 - (p y + 1e-7)^q) / q`. Between cross-entropy (q towards 0) and
/// the mean absolute error (q = 1): the greater q, the less a label counts that the network finds unlikely.
///
/// Quirk(argus): it is summed over all classes, of which those without the label have the same value and no gradient.
pub(super) fn lq(x: Tensor<2>, y: Tensor<2>, q: f64) -> Tensor<2> {
    let power = (activation::sigmoid(x) * y).add_scalar(SMALLEST).powf_scalar(q);
    power.neg().add_scalar(1.0).div_scalar(q)
}

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

/// Log-sum-exp pairwise ranking (Li, Song and Luo 2017), one value per clip: `ln(1 + sum of e^(f_u - f_v))` over all pairs of a class `u`
/// without and a class `v` with the label, each pair weighted by `(1 - y_u) y_v`. A clip without such a pair has 0. `[B, 1]`.
///
/// The sum over pairs is the product of two sums over classes, whose logarithms add up. A class with a target between 0 and 1 is
/// thereby a pair with itself too; that is a constant below the logarithm.
pub(super) fn lsep(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    let without = log_sum_exp(x.clone(), y.clone().neg().add_scalar(1.0));
    softplus(without + log_sum_exp(x.neg(), y))
}

/// `ln(sum of w e^x)` over classes, `[B, 1]`.
fn log_sum_exp(x: Tensor<2>, w: Tensor<2>) -> Tensor<2> {
    let none = w.clone().lower_equal_elem(0.0);
    // The logarithm of 1 where a class has no weight, so that nothing infinite is made and then masked.
    let ln = w.mask_fill(none.clone(), 1.0).log().mask_fill(none, NOWHERE);
    let x = x + ln;
    let top = x.clone().detach().max_dim(1); // [B, 1]
    (x - top.clone()).exp().sum_dim(1).log() + top
}
