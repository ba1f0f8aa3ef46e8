//! How the values of a graph are connected by their names.

use rten_onnx::onnx::{GraphProto, ModelProto, NodeProto, TensorProto};
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

/// The weights and constants of a graph by their names.
pub(crate) fn constants(graph: &GraphProto) -> HashMap<&str, &TensorProto> {
    let weights = graph.initializer.iter();
    let weights = weights.filter_map(|tensor| Some((tensor.name.as_deref()?, tensor)));
    let nodes = graph.node.iter().filter_map(|node| {
        let tensor = node.attribute.iter().find_map(|attribute| attribute.t.as_ref())?;
        let is_constant = node.op_type.as_deref() == Some("Constant");
        is_constant.then_some((node.output.first()?.as_str(), tensor))
    });
    weights.chain(nodes).collect()
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
fn inputs(node: &NodeProto) -> Vec<String> {
    let mut all = node.input.clone();
    for graph in subgraphs(node) {
        all.extend(graph.node.iter().flat_map(inputs));
        all.extend(graph.output.iter().filter_map(|output| output.name.clone()));
    }
    all
}
