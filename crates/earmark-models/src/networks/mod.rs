//! The networks, one module each, from top to bottom: the settings, the layers and their variables, the passes, the
//! table of the layers, the graph.
//!
//! CONTRIBUTING.md says how to add one.

pub mod aux_skip_attention;
pub mod efficientat;
pub mod fc_net;
pub mod imported_graph;
pub mod mobilenet_v1;
pub mod mobilenet_v2;
pub mod panns;
pub mod perceptron;
pub mod rnn_aux_skip_attention;
pub mod skip_attention;
pub mod starter_2018;
