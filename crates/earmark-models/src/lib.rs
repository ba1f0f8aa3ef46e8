//! Networks of audio taggers: a file each, over shared [`blocks`].
//!
//! A network is built once as a list of named variables ([`Vars`]) and a plain struct of layer handles; `forward` then reads the
//! variables' current tensors. Names are stable strings (`pw3.bn.gamma`), which is what checkpoints, warm starts by scope,
//! the optimiser and tests all speak.
//!
//! Shapes: a batch enters as `[B, channels, bands, frames]` and leaves as logits `[B, classes]`; a network with
//! auxiliary outputs leaves several, the one that counts first.

pub mod aux_skip_attention;
pub mod blocks;
pub mod efficientat;
pub mod fc_net;
pub mod forward;
pub mod init;
pub mod mobilenet_v1;
pub mod mobilenet_v2;
pub mod network;
pub mod onnx;
pub mod panns;
pub mod perceptron;
pub mod starter_2018;
pub mod summary;
pub mod vars;

pub use earmark_kernels::{Isa, IsaError};
pub use forward::Forward;
pub use network::{ModelError, Network, NetworkConfig};
pub use summary::{LayerRow, Summary};
pub use vars::{VarId, VarKind, VarSpec, Vars};
