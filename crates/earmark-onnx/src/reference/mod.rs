//! Evaluation by definition: a loop over the nodes, a plain loop for each operator.
//!
//! The meaning of every operator is that of ONNX's own documentation (<https://onnx.ai/onnx/operators>), in float32. Only what this
//! workspace's graphs use is here; anything else is refused by name.

mod elementwise;
mod layout;
mod linear;
mod reduce;

use crate::model::{Attribute, Graph, Node};
use crate::tensor::{Data, Tensor};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Why a graph can't be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct RunError {
    /// The node, input or output.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

impl Graph {
    /// Evaluates the graph for these inputs; gives its outputs in order.
    ///
    /// # Errors
    /// An input that is missing, an operator that is not known here, shapes that do not go together.
    pub fn run(&self, inputs: &[(&str, Tensor)]) -> Result<Vec<Tensor>, RunError> {
        let mut values: BTreeMap<&str, Rc<Tensor>> = BTreeMap::new();
        for (name, tensor) in inputs {
            values.insert(name, Rc::new(tensor.clone()));
        }
        for (name, tensor) in &self.constants {
            values.insert(name, Rc::new(tensor.clone()));
        }
        // A value goes with the last node that takes it: activations of whole networks would add up.
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, node) in self.nodes.iter().enumerate() {
            last.extend(node.inputs.iter().map(|name| (name.as_str(), i)));
        }
        for port in &self.outputs {
            last.insert(&port.name, usize::MAX);
        }
        for (i, node) in self.nodes.iter().enumerate() {
            let taken: Option<Vec<Rc<Tensor>>> = node
                .inputs
                .iter()
                .map(|name| values.get(name.as_str()).cloned())
                .collect();
            let results = match taken {
                None => Err("takes a value that is not there".to_owned()),
                Some(taken) => {
                    let taken: Vec<&Tensor> = taken.iter().map(|t| &**t).collect();
                    Call { node, inputs: &taken }.run()
                }
            };
            let results = results.map_err(|reason| RunError {
                place: format!("{} `{}`", node.op, node.name),
                reason,
            })?;
            for (name, tensor) in node.outputs.iter().zip(results) {
                values.insert(name, Rc::new(tensor));
            }
            for name in &node.inputs {
                if last.get(name.as_str()) == Some(&i) {
                    values.remove(name.as_str());
                }
            }
        }
        self.outputs
            .iter()
            .map(|port| match values.get(port.name.as_str()) {
                Some(tensor) => Ok((**tensor).clone()),
                None => Err(RunError {
                    place: format!("output `{}`", port.name),
                    reason: "nothing gives it".into(),
                }),
            })
            .collect()
    }
}

/// What an operator gives, or why it can't.
type Outcome<T = Tensor> = Result<T, String>;

/// A node with the values of its inputs.
struct Call<'a> {
    node: &'a Node,
    inputs: &'a [&'a Tensor],
}

impl Call<'_> {
    fn run(&self) -> Outcome<Vec<Tensor>> {
        if self.node.op == "Split" {
            return self.split();
        }
        let one = match self.node.op {
            "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Mod" | "Less" | "PRelu" => self.two_by_two(),
            "Sqrt" | "Log" | "Relu" | "Sigmoid" | "Atan" | "HardSwish" => self.each(),
            "Clip" => self.clip(),
            "Where" => self.choose(),
            "Cast" => self.cast(),
            "Identity" => Ok(self.input(0)?.clone()),
            "Shape" => self.shape(),
            "Reshape" => self.reshape(),
            "Transpose" => self.transpose(),
            "Concat" => self.concat(),
            "Range" => self.range(),
            "Gather" => self.gather(),
            "Slice" => self.slice(),
            "Pad" => self.pad(),
            "Expand" => self.expand(),
            "MatMul" => self.matmul(),
            "Gemm" => self.gemm(),
            "Conv" => self.conv(),
            "AveragePool" | "MaxPool" => self.pool(),
            "ReduceMean" | "ReduceMax" | "ReduceMin" => self.reduce(),
            "Softmax" => self.softmax(),
            other => Err(format!("the operator {other} is not known here")),
        };
        Ok(vec![one?])
    }

    fn input(&self, i: usize) -> Outcome<&Tensor> {
        self.inputs
            .get(i)
            .copied()
            .ok_or_else(|| format!("input {i} is missing"))
    }

    fn floats(&self, i: usize) -> Outcome<&[f32]> {
        self.input(i)?
            .as_floats()
            .ok_or_else(|| format!("input {i} is not of float32"))
    }

    fn ints(&self, i: usize) -> Outcome<&[i64]> {
        match &self.input(i)?.data {
            Data::Int(v) => Ok(v),
            _ => Err(format!("input {i} is not of int64")),
        }
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        let mut all = self.node.attributes.iter();
        all.find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    fn int(&self, name: &str, otherwise: i64) -> i64 {
        match self.attribute(name) {
            Some(Attribute::Int(i)) => *i,
            _ => otherwise,
        }
    }

    /// A list of lengths, such as strides.
    fn sizes(&self, name: &str) -> Option<Vec<usize>> {
        match self.attribute(name) {
            Some(Attribute::Ints(all)) => all.iter().map(|i| usize::try_from(*i).ok()).collect(),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<&'static str> {
        match self.attribute(name) {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// An axis that may be counted from the end.
    fn axis(&self, axis: i64, rank: usize) -> Outcome<usize> {
        let counted = if axis < 0 {
            rank.checked_sub(axis.unsigned_abs() as usize)
        } else {
            usize::try_from(axis).ok().filter(|a| *a < rank)
        };
        counted.ok_or_else(|| format!("axis {axis} of {rank} dimensions"))
    }
}

/// A length from a number of the graph.
fn length(n: i64) -> Outcome<usize> {
    usize::try_from(n).map_err(|_| format!("{n} is no length"))
}

/// Steps from one index to the next along each axis.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Product of the dimensions before an axis, its own, and of those after it.
fn around(shape: &[usize], axis: usize) -> [usize; 3] {
    [
        shape[..axis].iter().product(),
        shape[axis],
        shape[axis + 1..].iter().product(),
    ]
}
