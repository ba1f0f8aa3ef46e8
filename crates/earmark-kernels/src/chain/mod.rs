//! A chain of convolutions, each followed by batch normalisation and an activation: the backbone of MobileNetV1, an inverted
//! residual block, or a pair of 3x3 convolutions, as one operation per pass.
//!
//! Inside the chain no activated tensor exists: see [`crate::elementwise::pending`].

mod inference;
mod layer;
mod layers;
mod training;

pub use inference::{InferenceChain, MovingStatistics};
pub use layer::{ChainError, ConvKind, ConvLayer};
pub use layers::Chain;
pub use training::{LayerGrads, LayerParams, SavedTensors};
