//! Networks of audio taggers: one module each below [`networks`], over shared [`blocks`].
//!
//! A network is built once as a list of named variables ([`Vars`]) and a plain struct of layer handles, which implements
//! [`Architecture`]; a pass then reads the variables' current tensors. Names are stable strings (`pw3.bn.gamma`), which
//! checkpoints, warm starts by parameter prefix, the optimiser and tests use alike.
//!
//! Shapes: a batch enters as `[B, channels, bands, frames]` and leaves as logits `[B, classes]`; a network with
//! auxiliary outputs returns several, the main one first.

pub mod architecture;
mod batch_norm_statistics;
pub mod blocks;
mod bypass;
mod config_checks;
mod dropout;
mod forward_pass;
mod imported_graphs;
mod layer_table;
mod network_kinds;
pub mod networks;
pub mod onnx;
pub mod params;
mod precision;

pub use architecture::{Architecture, ArchitectureConfig, ClipFeatureInput, NetworkInput};
pub use batch_norm_statistics::{BatchStatistics, apply_statistics};
pub use bypass::HiddenBypass;
pub use earmark_kernels::{Isa, IsaError, Products};
pub use forward_pass::Forward;
pub use imported_graphs::{GraphOpener, GraphOutput, GraphRunner, GraphShape, open_graph, set_graph_opener};
pub use layer_table::{LayerRow, LayerTable, short_count};
pub use network_kinds::{MOST_PARAMETERS, Network, NetworkConfig};
pub use params::{VarBuilder, VarId, VarInit, VarKind, VarSpec, Vars, WeightInit, count_parameters, to_host};
pub use precision::Precision;
