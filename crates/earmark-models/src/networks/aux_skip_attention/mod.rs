//! The network of argus-2019, first in the public FSDKaggle2019 competition: four blocks of two convolutions, whose outputs skip to
//! the end, where attention weighs them; each of the first three also has an auxiliary output.
//!
//! Its simpler variants leave out the auxiliary outputs, the skips, the attention, or all of them (a plain stack of convolutions):
//! `aux`, `skips` and `attention`. The layers that remain keep their names and their initial weights.
//!
//! Everything except the blocks' convolutions is initialised with PyTorch's defaults.

mod config;
mod layer_table;
mod network;
mod onnx;

pub use config::AuxSkipAttentionConfig;
