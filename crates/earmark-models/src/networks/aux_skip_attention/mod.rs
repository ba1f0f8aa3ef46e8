//! The networks of argus-2019, first in the public FSDKaggle2019 competition: four blocks of two convolutions, whose
//! outputs skip to the end, where attention weighs them; each of the first three also has an auxiliary output.
//!
//! Its simpler variants leave out the auxiliary outputs, the skips, the attention, or all of them (a plain stack of
//! convolutions): `aux`, `skips` and `attention`. The layers that remain keep their names and their initial weights.
//! The two other networks of the ensemble, `skip_attention` and `rnn_aux_skip_attention`, have settings of their own
//! and are built of the same layers.
//!
//! Everything except the blocks' convolutions is initialised with PyTorch's defaults.

mod config;
mod network;
mod over_time;

pub use config::AuxSkipAttentionConfig;
pub(in crate::networks) use network::Variant;
