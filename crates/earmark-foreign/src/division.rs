//! Divisions before the nodes that are computed here. The runtime multiplies by the reciprocal of a divisor that is one
//! number, which rounds twice; of silence at a level, as normalised samples have, another spectrum remains then.

use crate::float64::{float64_nodes, integer};
use crate::graph::operator;
use crate::names::{inputs, makers};
use rten_onnx::onnx::{GraphProto, NodeProto};
use std::collections::HashSet;

/// Operators that give whole numbers of floating ones.
const WHOLE: [&str; 5] = ["ArgMax", "ArgMin", "NonZero", "Shape", "Size"];

/// ONNX's numbers of floating types: float32, float16 and float64.
const FLOATING: [i64; 3] = [1, 10, 11];

/// Repeats the divisors of floating numbers in what the nodes that are computed here need, so that the runtime divides.
pub(crate) fn divide_exactly(graph: &mut GraphProto, input: &str) {
    let divisions = divisions(graph, input);
    let nodes = std::mem::take(&mut graph.node).into_iter().enumerate();
    graph.node = nodes
        .flat_map(|(place, mut node)| {
            let mut all = Vec::new();
            if divisions.contains(&place) {
                let output = node.output[0].clone();
                let [shape, divisor] = ["shape", "divisor"].map(|what| format!("division/{output}/{what}"));
                all.push(made("Shape", &[&node.input[0]], &shape));
                all.push(made("Expand", &[&node.input[1], &shape], &divisor));
                node.input[1] = divisor;
            }
            all.push(node);
            all
        })
        .collect();
}

/// The divisions of floating numbers, as far as the input shows them, that the nodes computed here need.
fn divisions(graph: &GraphProto, input: &str) -> HashSet<usize> {
    let makers = makers(graph);
    let mut open: Vec<usize> = float64_nodes(graph).into_iter().map(|(node, _)| node).collect();
    let mut needed: HashSet<usize> = open.iter().copied().collect();
    while let Some(node) = open.pop() {
        let before = inputs(&graph.node[node]);
        let before = before.iter().filter_map(|name| makers.get(name.as_str()));
        open.extend(before.filter(|node| needed.insert(**node)));
    }
    let mut floating = HashSet::from([input]);
    let mut found = HashSet::new();
    for (place, node) in graph.node.iter().enumerate() {
        let name = operator(node);
        let is_whole = WHOLE.contains(&name.as_str())
            || name == "Cast" && !integer(node, "to").is_some_and(|to| FLOATING.contains(&to));
        if is_whole || !node.input.iter().any(|name| floating.contains(name.as_str())) {
            continue;
        }
        floating.extend(node.output.iter().map(String::as_str));
        if name == "Div" && node.input.len() == 2 && node.output.len() == 1 && needed.contains(&place) {
            found.insert(place);
        }
    }
    found
}

fn made(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: Some(operator.into()),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}
