//! Handcrafted inputs go through `asinh` before they are standardised: of a number, and of a batch.

use super::input_scaler::{InputScaler, InputScalerSpec};
use burn::tensor::Tensor;

impl InputScalerSpec {
    /// A number before standardisation: `asinh(compress x) = ln(y + sqrt(y^2 + 1))` with `y = compress x`.
    pub fn compressed(&self, x: f32) -> f32 {
        if self.compress == 0.0 {
            return x;
        }
        (self.compress * f64::from(x)).asinh() as f32
    }
}

impl InputScaler {
    /// As [`InputScalerSpec::compressed`].
    pub(super) fn compressed(&self, x: Tensor<2>) -> Tensor<2> {
        if self.spec().compress == 0.0 {
            return x;
        }
        // The sign is separate, as a difference would lose its digits below zero.
        let y = x.mul_scalar(self.spec().compress);
        let size = y.clone().abs();
        let root = (size.clone() * size.clone()).add_scalar(1.0).sqrt();
        (size + root).log() * y.sign()
    }
}
