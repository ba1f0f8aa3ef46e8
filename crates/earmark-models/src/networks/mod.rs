//! The networks, one folder each: `config.rs` has the settings, `network.rs` the layers and the passes, `layer_table.rs` the
//! table of its layers, `onnx.rs` its graph.
//!
//! CONTRIBUTING.md says how to add one.

pub mod aux_skip_attention;
pub mod efficientat;
pub mod fc_net;
pub mod mobilenet_v1;
pub mod mobilenet_v2;
pub mod panns;
pub mod perceptron;
pub mod starter_2018;
