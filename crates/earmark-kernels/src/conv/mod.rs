//! Convolution over channels-outermost tensors: dense ones by implicit im2col or Winograd's algorithm, and pointwise (1x1) ones.

mod algorithm;
mod backward;
mod direct_weight_gradient;
mod forward;
mod gradient_job;
pub(crate) mod im2col;
mod im2col_product;
mod pixel_rows;
pub mod pointwise;
pub(crate) mod rounded_pointwise;
mod weights;
pub mod window;
mod winograd;

pub use algorithm::{Algorithm, ConvShape};
pub use backward::backward;
pub use forward::forward;
pub use weights::{ConvWeights, pack};
