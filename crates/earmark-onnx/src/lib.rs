//! ONNX graphs: built node by node, checked, written as a `.onnx` file, and evaluated by a reference implementation.
//!
//! The graphs themselves come from the crates that compute the same things: the front end from earmark-features, the networks
//! from earmark-models. This crate has what they share:
//!
//! - [`Builder`] names values, shares constants and stores weights as float32 or int8;
//! - [`OnnxModel`] is the file: [`OnnxModel::bytes`] writes Protocol Buffers without a schema compiler, the same bytes for the
//!   same model;
//! - [`Graph::check`] finds what no runtime would load;
//! - [`Graph::run`] evaluates a graph with plain loops. It is slow and knows only the operators that this workspace uses; it
//!   proves an export where no ONNX runtime is available.
//!
//! Graphs use operator set 17 and IR version 8 (ONNX 1.12 of 2022), which every runtime since then loads.
//!
//! ```
//! use earmark_onnx::{Builder, Dim, Tensor};
//!
//! let mut g = Builder::default();
//! let x = g.input("x", &[Dim::Named("batch"), Dim::Fixed(2)]);
//! let twice = g.float(2.0);
//! let y = g.op("Mul", &[&x, &twice], &[]);
//! g.output("y", &y, &[Dim::Named("batch"), Dim::Fixed(2)]);
//! let graph = g.finish();
//! graph.check()?;
//! let out = graph.run(&[("x", Tensor::floats(&[1, 2], vec![1.0, -3.0]))])?;
//! assert_eq!(out[0], Tensor::floats(&[1, 2], vec![2.0, -6.0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod graph;
mod onnx_file;
mod reference;
mod tensor;

pub use graph::{
    Attribute, Builder, CheckError, Dim, Graph, NamedAttribute, Node, Port, Value, WeightPrecision, signed,
};
pub use onnx_file::{IR_VERSION, OPSET, OnnxModel};
pub use reference::GraphError;
pub use tensor::{Tensor, TensorData};
