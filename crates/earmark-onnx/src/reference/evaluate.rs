//! Evaluates a graph, node by node.

use super::call::Call;
use crate::graph::Graph;
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Why a graph can't be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct GraphError {
    /// The node, input or output.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl Graph {
    /// Evaluates the graph on these inputs and returns its outputs in order.
    ///
    /// # Errors
    /// A missing input, an unsupported operator, or shapes that do not match.
    pub fn run(&self, inputs: &[(&str, Tensor)]) -> Result<Vec<Tensor>, GraphError> {
        let mut values: BTreeMap<&str, Rc<Tensor>> = BTreeMap::new();
        for (name, tensor) in inputs {
            values.insert(name, Rc::new(tensor.clone()));
        }
        for (name, tensor) in &self.constants {
            values.insert(name, Rc::new(tensor.clone()));
        }
        // A value is dropped after the last node that uses it: the activations of a whole network would add up.
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
                None => Err("uses a value that does not exist".to_owned()),
                Some(taken) => {
                    let taken: Vec<&Tensor> = taken.iter().map(|t| &**t).collect();
                    Call { node, inputs: &taken }.run()
                }
            };
            let results = results.map_err(|reason| GraphError {
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
                None => Err(GraphError {
                    place: format!("output `{}`", port.name),
                    reason: "no node computes it".into(),
                }),
            })
            .collect()
    }
}
