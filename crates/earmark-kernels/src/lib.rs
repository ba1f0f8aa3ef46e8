//! CPU operations for audio networks.
//!
//! Burn's CPU backend trains the small-convolution networks of this field several times slower than
//! PyTorch: layout changes between operations, a pass over memory for each of convolution,
//! statistics, normalisation and activation, and depthwise convolutions that are not vectorised.
//! This crate works on plain `f32` slices in one layout, channels outermost, and does each pair
//! of convolution and normalisation in one pass each way.
//!
//! # Layout
//! A tensor of C channels, B examples and H x W pixels is `[C, N]` with `N = B * H * W`: all values
//! of a channel are contiguous, and in them the planes of the examples, one after the other.
//! See [`layout`].
//!
//! # Deferred normalisation
//! See [`norm`]: operations read their input through the normalisation and activation before them.
//!
//! # Determinism
//! Work is cut by shape, never by the number of threads, and partial sums are added in a fixed
//! order: one thread or many give the same bits, and so do AVX2 and AVX-512 ([`simd::Isa`]). Other instruction sets
//! agree to rounding.
//!
//! # Contract
//! These are building blocks for other crates: lengths that do not fit the shapes are a bug of
//! the caller and panic with the shape that was expected.

pub mod activation;
#[cfg(feature = "burn")]
pub mod burn_ops;
pub mod chain;
pub mod conv;
mod conv_backward;
pub mod depthwise;
pub mod epilogue;
pub mod gate;
pub mod infer;
pub mod layout;
pub mod memory;
pub mod norm;
pub mod optim;
mod pair;
mod panels;
pub mod pointwise;
pub mod pool;
mod rows;
mod shifts;
pub mod simd;
mod slab;
mod taps;
mod tile_kernel;
mod tiles;
mod transpose;
pub mod window;
mod winograd;
mod winograd_weights;

pub use activation::Activation;
pub use epilogue::Epilogue;
pub use memory::{Buffer, Workspace};
pub use norm::{Input, InputGrad, Norm, NormGrad, OutputGrad};
pub use panels::PackedWeights;
pub use rows::Moments;
pub use window::Window;
