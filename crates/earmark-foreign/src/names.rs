//! How the values of a graph are connected by their names.

use rten_onnx::onnx::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// The graphs within a node: the branches of an `If`.
pub(crate) fn subgraphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().filter_map(|attribute| attribute.g.as_ref())
}

/// The same, to be changed.
pub(crate) fn subgraphs_mut(node: &mut NodeProto) -> impl Iterator<Item = &mut GraphProto> {
    node.attribute
        .iter_mut()
        .filter_map(|attribute| attribute.g.as_mut())
}

/// What a graph says a value is, before anything is computed.
#[derive(Clone, Copy)]
pub(crate) enum Constant<'a> {
    /// A tensor: a weight, or one in a node.
    Tensor(&'a TensorProto),
    /// Numbers that are an attribute of a node themselves.
    Attribute(&'a AttributeProto),
    /// Several things by one name.
    Ambiguous,
}

/// The constants that the nodes of a graph can take: its own, and those of the graphs that it is within.
pub(crate) struct Constants<'a> {
    own: HashMap<&'a str, Constant<'a>>,
    outer: Option<&'a Constants<'a>>,
}

impl<'a> Constants<'a> {
    /// Those of a graph, which is within a graph with `outer` ones.
    pub fn of(graph: &'a GraphProto, outer: Option<&'a Constants<'a>>) -> Self {
        let weights = graph.initializer.iter();
        let weights = weights.filter_map(|t| Some((t.name.as_deref()?, Constant::Tensor(t))));
        let nodes = graph.node.iter().filter_map(|node| {
            let is_constant = node.op_type.as_deref() == Some("Constant");
            let attribute = node.attribute.first().filter(|_| is_constant)?;
            let constant = match &attribute.t {
                Some(tensor) => Constant::Tensor(tensor),
                None => Constant::Attribute(attribute),
            };
            Some((node.output.first()?.as_str(), constant))
        });
        let mut own = HashMap::new();
        for (name, constant) in weights.chain(nodes) {
            match own.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(constant);
                }
                Entry::Occupied(mut place) => {
                    place.insert(Constant::Ambiguous);
                }
            }
        }
        Self { own, outer }
    }

    /// The constant of a name, if there is one.
    pub fn get(&self, name: &str) -> Option<Constant<'a>> {
        let outer = || self.outer?.get(name);
        self.own.get(name).copied().or_else(outer)
    }
}

/// The node that makes each value.
pub(crate) fn makers(graph: &GraphProto) -> HashMap<&str, usize> {
    let nodes = graph.node.iter().enumerate();
    nodes
        .flat_map(|(k, node)| node.output.iter().map(move |output| (output.as_str(), k)))
        .collect()
}

/// Removes the nodes and weights that none of these values needs.
pub(crate) fn keep_what_is_needed(model: &mut ModelProto, values: &[String]) {
    let Some(graph) = &mut model.graph else { return };
    let (needed, nodes) = {
        let graph = &*graph;
        let makers = makers(graph);
        let mut needed: HashSet<String> = HashSet::new();
        let mut nodes = HashSet::new();
        let mut open: Vec<String> = values.to_vec();
        while let Some(value) = open.pop() {
            if let Some(&node) = makers.get(value.as_str())
                && nodes.insert(node)
            {
                open.extend(inputs(&graph.node[node]));
            }
            needed.insert(value);
        }
        (needed, nodes)
    };
    let mut index = 0..;
    graph
        .node
        .retain(|_| index.next().is_some_and(|k| nodes.contains(&k)));
    let is_needed = |tensor: &TensorProto| tensor.name.as_ref().is_some_and(|name| needed.contains(name));
    graph.initializer.retain(is_needed);
}

/// The values that a node takes, with those that graphs within it take from outside.
pub(crate) fn inputs(node: &NodeProto) -> Vec<String> {
    let mut all = node.input.clone();
    for graph in subgraphs(node) {
        all.extend(graph.node.iter().flat_map(inputs));
        all.extend(graph.output.iter().filter_map(|output| output.name.clone()));
    }
    all
}
