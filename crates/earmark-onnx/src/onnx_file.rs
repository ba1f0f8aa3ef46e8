//! An ONNX file, and how it is written. Field numbers are those of `onnx.proto`
//! (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).

use crate::graph::{Attribute, Dim, Graph, Node, Port};
use earmark_core::protobuf::Message;

/// Version of the file format.
pub const IR_VERSION: i64 = 8;
/// Version of the operators.
pub const OPSET: i64 = 17;

/// An ONNX file.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxModel {
    /// The program that wrote it.
    pub producer: String,
    /// Version of that program.
    pub producer_version: String,
    /// A description for people.
    pub doc: String,
    /// Keys and values for programs.
    pub metadata: Vec<(String, String)>,
    /// What it computes.
    pub graph: Graph,
}

impl OnnxModel {
    /// A graph with nothing said about it.
    pub fn of(graph: Graph) -> Self {
        Self {
            producer: String::new(),
            producer_version: String::new(),
            doc: String::new(),
            metadata: Vec::new(),
            graph,
        }
    }

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
