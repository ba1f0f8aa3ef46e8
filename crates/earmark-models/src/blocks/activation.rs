//! Activations of convolutions, which kernels and networks share.

use burn::tensor::{Tensor, activation};
pub use earmark_kernels::Activation;

/// Any shape to the same, by Burn's own operations.
pub fn activate<const D: usize>(activation: Activation, x: Tensor<D>) -> Tensor<D> {
    match activation {
        Activation::Relu => activation::relu(x),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::HardSwish => x.clone() * x.add_scalar(3.0).clamp(0.0, 6.0).div_scalar(6.0),
        Activation::Identity => x,
    }
}
