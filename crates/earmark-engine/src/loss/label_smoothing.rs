//! Label smoothing.

use burn::tensor::Tensor;

/// `y (1 - a) + a rest`.
pub(super) fn smooth(y: Tensor<2>, a: f64, rest: f64) -> Tensor<2> {
    if a == 0.0 {
        y
    } else {
        y.mul_scalar(1.0 - a).add_scalar(a * rest)
    }
}
