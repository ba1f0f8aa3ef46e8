//! 3x3 convolution with stride 1 by Winograd's F(4x4, 3x3): a quarter of the multiplications.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Input tiles of 6 x 6 and kernels are
//! transformed to 36 numbers each, multiplied number by number (36 matrix products over the channels),
//! and transformed back to 4 x 4 outputs.

pub(super) mod product;
mod transforms;
pub(super) mod weight_gradient;
