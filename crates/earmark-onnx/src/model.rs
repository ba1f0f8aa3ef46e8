//! The parts of an ONNX file that are used here, and how they are written. Field numbers are those of `onnx.proto`
//! (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).

use crate::tensor::Tensor;
use earmark_core::protobuf::Message;

/// Version of the file format.
pub const IR_VERSION: i64 = 8;
/// Version of the operators.
pub const OPSET: i64 = 17;

/// A file.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What wrote it.
    pub producer: String,
    /// Version of that.
    pub producer_version: String,
    /// What it is, for people.
    pub doc: String,
    /// What a program may want to know, as keys and values.
    pub metadata: Vec<(String, String)>,
    /// What it computes.
    pub graph: Graph,
}

/// Nodes in the order of their evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// What comes in.
    pub inputs: Vec<Port>,
    /// What goes out.
    pub outputs: Vec<Port>,
    /// Constants by name.
    pub constants: Vec<(String, Tensor)>,
    /// Operations.
    pub nodes: Vec<Node>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Name of its own.
    pub name: String,
    /// Operator, such as `Conv`.
    pub op: &'static str,
    /// Names of its inputs.
    pub inputs: Vec<String>,
    /// Names of its outputs.
    pub outputs: Vec<String>,
    /// Its settings.
    pub attributes: Vec<(&'static str, Attribute)>,
}

/// A setting of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A number.
    Int(i64),
    /// Several.
    Ints(Vec<i64>),
    /// A word.
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

/// A length as ONNX writes it. No memory holds so much that it would not fit.
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
    /// Always so long.
    Fixed(usize),
    /// As long as one likes; equal names are equal lengths.
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

impl Model {
    /// The file's bytes. Equal models have equal bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut m = Message::default();
        m.int(1, IR_VERSION);
        m.bytes(2, self.producer.as_bytes());
        m.bytes(3, self.producer_version.as_bytes());
        m.bytes(6, self.doc.as_bytes());
        m.message(7, |m| self.graph.write(m));
        m.message(8, |m| {
            m.bytes(1, b""); // the standard operators
            m.int(2, OPSET);
        });
        for (key, value) in &self.metadata {
            m.message(14, |m| {
                m.bytes(1, key.as_bytes());
                m.bytes(2, value.as_bytes());
            });
        }
        m.finish()
    }
}

impl Graph {
    fn write(&self, m: &mut Message) {
        for node in &self.nodes {
            m.message(1, |m| node.write(m));
        }
        m.bytes(2, b"earmark");
        for (name, tensor) in &self.constants {
            m.message(5, |m| {
                for n in &tensor.shape {
                    m.size(1, *n);
                }
                m.int(2, tensor.data.type_number());
                m.bytes(8, name.as_bytes());
                m.bytes(9, &tensor.data.raw());
            });
        }
        for (field, ports) in [(11, &self.inputs), (12, &self.outputs)] {
            for port in ports {
                m.message(field, |m| port.write(m));
            }
        }
    }
}

impl Node {
    fn write(&self, m: &mut Message) {
        for input in &self.inputs {
            m.bytes(1, input.as_bytes());
        }
        for output in &self.outputs {
            m.bytes(2, output.as_bytes());
        }
        m.bytes(3, self.name.as_bytes());
        m.bytes(4, self.op.as_bytes());
        for (name, attribute) in &self.attributes {
            m.message(5, |m| {
                m.bytes(1, name.as_bytes());
                match attribute {
                    Attribute::Int(i) => m.int(3, *i),
                    Attribute::Ints(all) => all.iter().for_each(|i| m.int(8, *i)),
                    Attribute::Text(text) => m.bytes(4, text.as_bytes()),
                }
                m.int(20, attribute.type_number());
            });
        }
    }
}

impl Attribute {
    /// `AttributeProto.AttributeType`
    fn type_number(&self) -> i64 {
        match self {
            Self::Int(_) => 2,
            Self::Text(_) => 3,
            Self::Ints(_) => 7,
        }
    }
}

impl Port {
    fn write(&self, m: &mut Message) {
        m.bytes(1, self.name.as_bytes());
        m.message(2, |m| {
            m.message(1, |m| {
                m.int(1, 1); // float32
                m.message(2, |m| {
                    for dim in &self.shape {
                        m.message(1, |m| match dim {
                            Dim::Fixed(n) => m.size(1, *n),
                            Dim::Named(name) => m.bytes(2, name.as_bytes()),
                        });
                    }
                });
            });
        });
    }
}
