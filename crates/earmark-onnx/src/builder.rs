//! A graph, node by node.

use crate::model::{Attribute, Dim, Graph, Node, Port, signed};
use crate::tensor::Tensor;
use crate::weights::Weights;
use std::collections::{BTreeMap, BTreeSet};

/// A tensor of the graph, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Adds nodes in the order of their evaluation. Names come from scope, operator and a running number, so that the same calls give the
/// same graph.
#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    scope: String,
    /// How often each name was asked for.
    taken: BTreeMap<String, usize>,
    /// Constants that are shared, by what they hold.
    shared: BTreeMap<String, Value>,
    weights: Weights,
}

impl Builder {
    /// A builder that stores weights so.
    pub fn with_weights(weights: Weights) -> Self {
        Self {
            weights,
            ..Self::default()
        }
    }

    /// How weights are stored.
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// What the names of the following nodes begin with.
    pub fn scope(&mut self, scope: impl Into<String>) {
        self.scope = scope.into();
    }

    fn fresh(&mut self, name: &str) -> String {
        let base = if self.scope.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.scope)
        };
        let taken = self.taken.entry(base.clone()).or_default();
        *taken += 1;
        match *taken {
            1 => base,
            n => format!("{base}_{n}"),
        }
    }

    /// Adds an input of float32.
    pub fn input(&mut self, name: &str, shape: &[Dim]) -> Value {
        self.taken.insert(name.to_owned(), 1);
        self.graph.inputs.push(Port {
            name: name.to_owned(),
            shape: shape.to_vec(),
        });
        Value(name.to_owned())
    }

    /// Gives a value out under a name of its own.
    pub fn output(&mut self, name: &str, value: &Value, shape: &[Dim]) {
        self.taken.insert(name.to_owned(), 1);
        self.graph.nodes.push(Node {
            name: format!("{name}/Identity"),
            op: "Identity",
            inputs: vec![value.0.clone()],
            outputs: vec![name.to_owned()],
            attributes: Vec::new(),
        });
        self.graph.outputs.push(Port {
            name: name.to_owned(),
            shape: shape.to_vec(),
        });
    }

    /// Adds a constant of its own.
    pub fn constant(&mut self, name: &str, tensor: Tensor) -> Value {
        let name = self.fresh(name);
        self.graph.constants.push((name.clone(), tensor));
        Value(name)
    }

    /// A small constant, shared by all who ask for the same.
    fn shared(&mut self, key: String, tensor: Tensor) -> Value {
        if let Some(value) = self.shared.get(&key) {
            return value.clone();
        }
        self.graph.constants.push((key.clone(), tensor));
        let value = Value(key.clone());
        self.shared.insert(key, value.clone());
        value
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
    pub fn op(
        &mut self,
        op: &'static str,
        inputs: &[&Value],
        attributes: &[(&'static str, Attribute)],
    ) -> Value {
        let name = self.fresh(op);
        self.push(op, name.clone(), inputs, vec![name], attributes)
            .remove(0)
    }

    /// Adds a node with several outputs.
    pub fn op_many<const N: usize>(
        &mut self,
        op: &'static str,
        inputs: &[&Value],
        attributes: &[(&'static str, Attribute)],
    ) -> [Value; N] {
        let name = self.fresh(op);
        let outputs = (0..N).map(|i| format!("{name}:{i}")).collect();
        let mut values = self.push(op, name, inputs, outputs, attributes).into_iter();
        std::array::from_fn(|_| values.next().expect("N were made"))
    }

    fn push(
        &mut self,
        op: &'static str,
        name: String,
        inputs: &[&Value],
        outputs: Vec<String>,
        attributes: &[(&'static str, Attribute)],
    ) -> Vec<Value> {
        self.graph.nodes.push(Node {
            name,
            op,
            inputs: inputs.iter().map(|v| v.0.clone()).collect(),
            outputs: outputs.clone(),
            attributes: attributes.to_vec(),
        });
        outputs.into_iter().map(Value).collect()
    }

    /// The length of one axis, `[1]`.
    pub fn length_of(&mut self, x: &Value, axis: usize) -> Value {
        self.op(
            "Shape",
            &[x],
            &[("start", axis.into()), ("end", (axis + 1).into())],
        )
    }

    /// Another shape; -1 is what remains, 0 the length there was at this place.
    pub fn reshape(&mut self, x: &Value, shape: &[i64]) -> Value {
        let shape = self.ints(shape);
        self.op("Reshape", &[x, &shape], &[])
    }

    /// The axes in another order.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        self.op("Transpose", &[x], &[("perm", order.into())])
    }

    /// One after the other along an axis.
    pub fn concat(&mut self, parts: &[&Value], axis: usize) -> Value {
        self.op("Concat", parts, &[("axis", axis.into())])
    }

    /// `0, 1, ...` up to before `end` `[1]`: `[end]`.
    pub fn count_to(&mut self, end: &Value) -> Value {
        let (first, step) = (self.int(0), self.int(1));
        let scalar = self.ints(&[]);
        let end = self.op("Reshape", &[end, &scalar], &[]);
        self.op("Range", &[&first, &end, &step], &[])
    }

    /// What was built, without those shared constants that were asked for and not taken.
    pub fn finish(self) -> Graph {
        let mut graph = self.graph;
        let taken: BTreeSet<&String> = graph.nodes.iter().flat_map(|node| &node.inputs).collect();
        let spare = |name: &String| self.shared.contains_key(name) && !taken.contains(name);
        graph.constants.retain(|(name, _)| !spare(name));
        graph
    }
}
