//! The order of a graph some of whose nodes are computed here: the runtime and these nodes take turns.

use crate::float64::{Argument, Float64Node, float64_nodes};
use crate::names::{Constants, inputs, makers};
use rten_onnx::onnx::ModelProto;
use std::collections::{HashMap, HashSet};

/// One turn: the runtime gives some values, which may be outputs or what later turns take, and these nodes follow.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub values: Vec<String>,
    pub nodes: Vec<Float64Node>,
}

impl Turn {
    /// The values that this turn gives.
    pub fn gives(&self) -> impl Iterator<Item = String> {
        let computed = self.nodes.iter().map(|node| &node.output);
        self.values.iter().chain(computed).cloned()
    }
}

/// The turns in which the outputs of a model's graph are computed of its input. The runtime is asked for a value in the
/// first turn that can give it, and for all that later turns take, so that nothing is computed twice.
///
/// # Errors
///
/// For nodes that are not in the order in which they can be computed, in words.
pub(crate) fn turns(model: &ModelProto, input: &str) -> Result<Vec<Turn>, String> {
    let graph = model.graph.as_ref().ok_or("has no graph")?;
    let here: HashSet<usize> = float64_nodes(graph).into_iter().map(|(node, _)| node).collect();
    let makers = makers(graph);
    let constants = Constants::of(graph, None);
    let mut order = Order {
        turns: vec![Turn::default()],
        levels: HashMap::from([(input.to_owned(), 0)]),
        known: HashSet::from([input.to_owned()]),
    };
    // Without a node that is computed here there is one turn.
    let nodes = graph.node.iter().enumerate().filter(|_| !here.is_empty());
    for (place, node) in nodes {
        let taken = inputs(node);
        let is_late = |name: &&String| makers.get(name.as_str()).is_some_and(|maker| *maker >= place);
        if let Some(late) = taken.iter().find(is_late) {
            return Err(format!("computes `{late}` after what takes it; export it again"));
        }
        let levels = taken.iter().filter_map(|name| order.levels.get(name));
        // What follows from constants alone is computed when the graph is loaded.
        let Some(level) = levels.max().copied() else {
            continue;
        };
        if here.contains(&place) {
            order.push(level, Float64Node::of(node, model, &constants));
            continue;
        }
        let earlier = |name: &&String| order.levels.get(*name).is_some_and(|own| *own < level);
        let earlier: Vec<String> = taken.iter().filter(earlier).cloned().collect();
        earlier.iter().for_each(|name| order.ask(name));
        let outputs = node.output.iter().map(|output| (output.clone(), level));
        order.levels.extend(outputs);
    }
    for output in graph.output.iter().filter_map(|output| output.name.as_ref()) {
        order.ask(output);
    }
    Ok(order.turns)
}

struct Order {
    turns: Vec<Turn>,
    /// The first turn in which a value can be computed; values of constants alone have none.
    levels: HashMap<String, usize>,
    /// The input, what is computed here, and what the runtime was asked for.
    known: HashSet<String>,
}

impl Order {
    /// Asks the runtime for a value that it has to give.
    fn ask(&mut self, name: &str) {
        if self.known.insert(name.to_owned()) {
            let level = self.levels.get(name).copied().unwrap_or(0);
            self.turns[level].values.push(name.to_owned());
        }
    }

    /// Adds a node that is computed in a turn, so that its output can be taken in the next one.
    fn push(&mut self, level: usize, node: Float64Node) {
        for argument in &node.arguments {
            if let Argument::Value(name) = argument {
                self.ask(name);
            }
        }
        self.levels.insert(node.output.clone(), level + 1);
        self.known.insert(node.output.clone());
        self.turns[level].nodes.push(node);
        if self.turns.len() == level + 1 {
            self.turns.push(Turn::default());
        }
    }
}
