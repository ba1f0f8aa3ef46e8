//! ONNX graphs: built node by node, checked, written as a `.onnx` file, and evaluated by definition.
//!
//! What a graph computes is said elsewhere: the front end in earmark-features, the networks in earmark-models. Here is what they share:
//!
//! - [`Builder`] names values, shares constants and stores weights as float32 or int8;
//! - [`Model`] is the file: [`Model::bytes`] writes Protocol Buffers without a schema compiler, the same bytes for the same model;
//! - [`Graph::check`] finds what no runtime would load;
//! - [`Graph::run`] evaluates a graph by plain loops. It is slow, knows only the operations that the builder's users ask for, and is how an
//!   export proves itself where no ONNX runtime is at hand.
//!
//! Graphs are of operator set 17 and IR version 8 (ONNX 1.12 of 2022), which every runtime since then loads.
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

mod builder;
mod check;
mod model;
mod reference;
mod tensor;
mod weights;

pub use builder::{Builder, Value};
pub use check::CheckError;
pub use model::{Attribute, Dim, Graph, IR_VERSION, Model, Node, OPSET, Port, signed};
pub use reference::RunError;
pub use tensor::{Data, Tensor};
pub use weights::Weights;
