//! The parts of a graph.

use crate::tensor::Tensor;

/// A graph; its nodes are in the order of evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Inputs.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// Constants by name.
    pub constants: Vec<(String, Tensor)>,
    /// Operations, in the order of evaluation.
    pub nodes: Vec<Node>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Operator, such as `Conv`.
    pub op: &'static str,
    /// Names of its inputs.
    pub inputs: Vec<String>,
    /// Names of its outputs.
    pub outputs: Vec<String>,
    /// Its attributes.
    pub attributes: Vec<NamedAttribute>,
}

/// An attribute with its name.
pub type NamedAttribute = (&'static str, Attribute);

/// An attribute of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// An integer.
    Int(i64),
    /// A list of integers.
    Ints(Vec<i64>),
    /// A text.
    Text(&'static str),
}

impl From<usize> for Attribute {
    fn from(value: usize) -> Self {
        Self::Int(signed(value))
    }
}

impl From<&[usize]> for Attribute {
    fn from(values: &[usize]) -> Self {
        Self::Ints(values.iter().map(|v| signed(*v)).collect())
    }
}

impl From<&'static str> for Attribute {
    fn from(value: &'static str) -> Self {
        Self::Text(value)
    }
}

/// A length as ONNX writes it. No length in memory is too large for it.
pub fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An input or output, of float32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<Dim>,
}

/// A dimension of a [`Port`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim {
    /// A fixed length.
    Fixed(usize),
    /// Any length; equal names mean equal lengths.
    Named(&'static str),
}

impl std::fmt::Display for Dim {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Fixed(n) => n.fmt(f),
            Self::Named(name) => f.write_str(name),
        }
    }
}
