//! LSEP: a loss that ranks every label above every other class, pair by pair.

use super::cross_entropy::softplus;
use burn::tensor::Tensor;

/// `ln p` of a class that does not take part: far below all others, and still a number.
const NOWHERE: f64 = -1e9;

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
