//! CPU operations for audio networks.
//!
//! Burn's CPU backend trains the small-convolution networks of this field several times slower than
//! PyTorch: layout changes between operations, a pass over memory for each of convolution,
//! statistics, normalisation and activation, and depthwise convolutions that are not vectorised.
//! This crate works on plain `f32` slices in one layout, channels outermost, and does each pair
//! of convolution and normalisation in one pass over memory, forward and backward.
//!
//! # Layout
//! A tensor of C channels, B examples and H x W pixels is `[C, N]` with `N = B * H * W`: all values
//! of a channel are contiguous, and in them the planes of the examples, one after the other.
//! See [`hardware::layout`]. In inference, chains of depthwise and pointwise convolutions keep the channels of a pixel
//! next to each other instead, from their first layer to their last.
//!
//! # Deferred normalisation
//! See [`elementwise::postponed_normalisation`]: operations read their input through the normalisation and activation before them.
//!
//! # Determinism
//! Sums are divided by shape, never by the number of threads, and partial sums are added in a fixed
//! order: one thread or many give the same bits, and so do AVX2 and AVX-512 ([`Isa`]). Other instruction sets
//! agree to rounding.
//!
//! # Contract
//! These are building blocks for other crates: lengths that do not fit the shapes are a bug of
//! the caller and panic with the shape that was expected.

#[cfg(feature = "burn")]
pub mod burn_ops;
pub mod chain;
mod channels_last;
pub mod conv;
pub mod dense;
pub mod depthwise;
pub mod double_precision;
pub mod elementwise;
mod gemm;
pub mod hardware;
mod reduced;
pub mod row_products;

pub use conv::window::ConvWindow;
pub use elementwise::activation::Activation;
pub use elementwise::batch_norm::{Norm, NormGrad};
pub use elementwise::epilogue::Epilogue;
pub use elementwise::output_gradient::OutputGrad;
pub use elementwise::postponed_normalisation::{InputGrad, OpInput};
pub use elementwise::rows::Moments;
pub use gemm::matrix_product::PackedWeights;
pub use hardware::products::Products;
pub use hardware::reused_buffers::{Buffer, Workspace};
pub use hardware::simd::{Isa, IsaError};
