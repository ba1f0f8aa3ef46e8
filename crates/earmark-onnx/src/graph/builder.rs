//! Builds a graph node by node.

use super::int8_weights::{FEW, WeightPrecision, to_int8};
use super::nodes::{Dim, Graph, NamedAttribute, Node, Port, signed};
use crate::tensor::{Tensor, TensorData};
use std::collections::{BTreeMap, BTreeSet};

/// A tensor of the graph, referred to by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(String);

/// Adds nodes in the order of evaluation. Names are made of prefix, operator and a running number, so the same calls give the
/// same graph.
#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    /// Prefix of the names of nodes.
    prefix: String,
    /// How often each name was requested.
    taken: BTreeMap<String, usize>,
    /// Names of shared constants, made of their content.
    shared: BTreeSet<String>,
    weights: WeightPrecision,
}

impl Builder {
    /// A builder that stores weights in this precision.
    pub fn with_weights(weights: WeightPrecision) -> Self {
        Self {
            weights,
            ..Self::default()
        }
    }

    /// Sets the prefix of the names of the following nodes.
    pub fn set_prefix(&mut self, prefix: impl Into<String>) {
        self.prefix = prefix.into();
    }

    fn fresh(&mut self, name: &str) -> String {
        let base = match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        let taken = self.taken.entry(base.clone()).or_default();
        *taken += 1;
        match *taken {
            1 => base,
            n => format!("{base}_{n}"),
        }
    }

    /// An input or output, whose name no node gets.
    fn port(&mut self, name: &str, shape: &[Dim]) -> Port {
        self.taken.insert(name.to_owned(), 1);
        Port {
            name: name.to_owned(),
            shape: shape.to_vec(),
        }
    }

    /// Adds a float32 input.
    pub fn input(&mut self, name: &str, shape: &[Dim]) -> Value {
        let port = self.port(name, shape);
        self.graph.inputs.push(port);
        Value(name.to_owned())
    }

    /// Makes a value an output with a name of its own.
    pub fn output(&mut self, name: &str, value: &Value, shape: &[Dim]) {
        let port = self.port(name, shape);
        self.graph.outputs.push(port);
        let node = format!("{name}/Identity");
        self.push("Identity", node, &[value], vec![name.to_owned()], &[]);
    }

    /// The weights `[out, ...]` of a convolution or dense layer, stored as [`WeightPrecision`] says.
    pub fn weight(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> Value {
        let few = values.len() <= FEW * shape[0];
        if few || self.weights == WeightPrecision::Float32 {
            return self.constant(name, Tensor::floats(shape, values));
        }
        let (whole, factors) = to_int8(&values, shape[0]);
        let whole = Tensor::new(shape, TensorData::Int8(whole));
        let whole = self.constant(&format!("{name}.int8"), whole);
        // One factor per channel, with the other dimensions 1: it multiplies whole kernels.
        let mut each = vec![1; shape.len()];
        each[0] = shape[0];
        let factors = self.constant(&format!("{name}.factor"), Tensor::floats(&each, factors));
        // DequantizeLinear does the same, but runtimes repeat it in every pass; a Cast and a Mul of constants are computed
        // once, when the file is loaded.
        let whole = self.op("Cast", &[&whole], &[("to", 1.into())]);
        self.op("Mul", &[&whole, &factors], &[])
    }

    /// Adds a constant that is not shared.
    pub fn constant(&mut self, name: &str, tensor: Tensor) -> Value {
        let name = self.fresh(name);
        self.graph.constants.push((name.clone(), tensor));
        Value(name)
    }

    /// A small constant, shared by all requests for the same content.
    fn shared(&mut self, key: String, tensor: Tensor) -> Value {
        if self.shared.insert(key.clone()) {
            self.graph.constants.push((key.clone(), tensor));
        }
        Value(key)
    }

    /// A single float.
    pub fn float(&mut self, value: f32) -> Value {
        self.shared(format!("float:{value:e}"), Tensor::floats(&[], vec![value]))
    }

    /// A single integer.
    pub fn int(&mut self, value: usize) -> Value {
        let value = signed(value);
        self.shared(format!("int:{value}"), Tensor::ints(&[], vec![value]))
    }

    /// A list of integers, `[n]`.
    pub fn ints(&mut self, values: &[i64]) -> Value {
        let text: Vec<String> = values.iter().map(i64::to_string).collect();
        let key = format!("ints:{}", text.join(","));
        self.shared(key, Tensor::ints(&[values.len()], values.to_vec()))
    }

    /// A length, `[1]`.
    pub fn length(&mut self, value: usize) -> Value {
        self.ints(&[signed(value)])
    }

    /// Adds a node with one output.
    pub fn op(&mut self, op: &'static str, inputs: &[&Value], attributes: &[NamedAttribute]) -> Value {
        let name = self.fresh(op);
        self.push(op, name.clone(), inputs, vec![name.clone()], attributes);
        Value(name)
    }

    /// Adds a node with several outputs.
    pub fn op_many<const N: usize>(
        &mut self,
        op: &'static str,
        inputs: &[&Value],
        attributes: &[NamedAttribute],
    ) -> [Value; N] {
        let name = self.fresh(op);
        let outputs: [Value; N] = std::array::from_fn(|i| Value(format!("{name}:{i}")));
        let names = outputs.iter().map(|value| value.0.clone()).collect();
        self.push(op, name, inputs, names, attributes);
        outputs
    }

    fn push(
        &mut self,
        op: &'static str,
        name: String,
        inputs: &[&Value],
        outputs: Vec<String>,
        attributes: &[NamedAttribute],
    ) {
        self.graph.nodes.push(Node {
            name,
            op,
            inputs: inputs.iter().map(|v| v.0.clone()).collect(),
            outputs,
            attributes: attributes.to_vec(),
        });
    }

    /// The length of one axis, `[1]`.
    pub fn length_of(&mut self, x: &Value, axis: usize) -> Value {
        self.op(
            "Shape",
            &[x],
            &[("start", axis.into()), ("end", (axis + 1).into())],
        )
    }

    /// Another shape; -1 is the remaining length, 0 keeps the length of this axis.
    pub fn reshape(&mut self, x: &Value, shape: &[i64]) -> Value {
        let shape = self.ints(shape);
        self.op("Reshape", &[x, &shape], &[])
    }

    /// The axes in another order.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        self.op("Transpose", &[x], &[("perm", order.into())])
    }

    /// Concatenates along an axis.
    pub fn concat(&mut self, parts: &[&Value], axis: usize) -> Value {
        self.op("Concat", parts, &[("axis", axis.into())])
    }

    /// `0, 1, ..., end - 1` for an `end` of shape `[1]`; the result has shape `[end]`.
    pub fn count_to(&mut self, end: &Value) -> Value {
        let (first, step) = (self.int(0), self.int(1));
        let scalar = self.ints(&[]);
        let end = self.op("Reshape", &[end, &scalar], &[]);
        self.op("Range", &[&first, &end, &step], &[])
    }

    /// The finished graph, without shared constants that no node uses.
    pub fn finish(self) -> Graph {
        let mut graph = self.graph;
        let taken: BTreeSet<&String> = graph.nodes.iter().flat_map(|node| &node.inputs).collect();
        let spare = |name: &String| self.shared.contains(name) && !taken.contains(name);
        graph.constants.retain(|(name, _)| !spare(name));
        graph
    }
}
