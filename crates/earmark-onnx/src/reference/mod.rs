//! Reference evaluation: a loop over the nodes, and a plain loop per operator.
//!
//! Every operator is implemented as in ONNX's documentation (<https://onnx.ai/onnx/operators>), in float32. Only the
//! operators that this workspace's graphs use are supported; any other is refused by name.

mod call;
mod convolution;
mod elementwise;
mod evaluate;
mod matrices;
mod rearranging;
mod recurrence;
mod reduction;

pub use evaluate::GraphError;
