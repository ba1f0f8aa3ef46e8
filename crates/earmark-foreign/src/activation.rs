//! What turns the scores of a graph into probabilities: the graph itself, or what follows it.

use crate::names::makers;
use rten_onnx::onnx::GraphProto;

/// What turns the scores of a graph into probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphActivation {
    /// Nothing: they are probabilities.
    None,
    /// Each class by itself.
    Sigmoid,
    /// One class against the others.
    Softmax,
}

/// Operators that leave probabilities what they are.
const TRANSPARENT: [&str; 9] = [
    "Cast",
    "Clip",
    "Flatten",
    "Identity",
    "ReduceMean",
    "Reshape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// Operators whose results are logits where nothing follows them.
const LINEAR: [&str; 5] = ["Add", "Conv", "Gemm", "GlobalAveragePool", "MatMul"];

impl GraphActivation {
    /// What the graph's last operator of meaning says; `None` where it leaves that open.
    pub(crate) fn of_output(graph: &GraphProto, output: &str) -> Option<Self> {
        let makers = makers(graph);
        let mut value = output;
        // As many steps as there are nodes, in case of a circle.
        for _ in 0..graph.node.len() {
            let node = &graph.node[*makers.get(value)?];
            match node.op_type.as_deref()? {
                "Sigmoid" | "HardSigmoid" | "Softmax" => return Some(Self::None),
                name if LINEAR.contains(&name) => return Some(Self::Sigmoid),
                name if TRANSPARENT.contains(&name) => value = node.input.first()?.as_str(),
                _ => return None,
            }
        }
        None
    }
}
