//! A graph: nodes, constants, inputs and outputs.

mod builder;
mod checker;
mod int8_weights;
mod nodes;

pub use builder::{Builder, Value};
pub use checker::CheckError;
pub use int8_weights::WeightPrecision;
pub use nodes::{Attribute, Dim, Graph, NamedAttribute, Node, Port, signed};
