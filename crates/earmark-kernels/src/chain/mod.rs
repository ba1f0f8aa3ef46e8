//! A chain of convolutions, each followed by batch normalisation and an activation: the backbone of MobileNetV1, an inverted
//! residual block, or a pair of 3x3 convolutions, as one operation per pass.
//!
//! Inside the chain no activated tensor exists: see [`crate::elementwise::postponed_normalisation`].

mod chain_shape;
mod conv_layer;
mod inference;
mod pixel_stages;
mod squeezed_block;
mod training;

pub use chain_shape::Chain;
pub use conv_layer::{ChainError, ConvKind, ConvLayer, gains_by_fewer_bits};
pub use inference::{InferenceChain, MovingStatistics};
pub use squeezed_block::{DenseLayer, SqueezedBlock};
pub use training::{LayerGrads, LayerParams, SavedTensors};
