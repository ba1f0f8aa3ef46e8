//! Checks a graph for what every runtime requires.

use super::nodes::Graph;
use std::collections::BTreeSet;

/// Why a graph would not load, or what it contains without using it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// A name that two values or two nodes have.
    #[error("`{0}` is the name of two values or two nodes")]
    Twice(String),
    /// A value that is used before it is computed.
    #[error("node `{node}` uses `{value}`, which no earlier node computes")]
    Missing {
        /// The node that uses it.
        node: String,
        /// The value.
        value: String,
    },
    /// An output that no node computes.
    #[error("no node computes the output `{0}`")]
    NoOutput(String),
    /// An input, constant or node that no output depends on.
    #[error("no output depends on `{0}`")]
    Unused(String),
}

impl Graph {
    /// Checks that names are unique, that every value is computed before it is used, and that outputs depend on everything.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn check(&self) -> Result<(), CheckError> {
        let inputs = self.inputs.iter().map(|port| port.name.as_str());
        let sources = inputs.chain(self.constants.iter().map(|(name, _)| name.as_str()));
        let mut known = BTreeSet::new();
        for name in sources.clone() {
            add(&mut known, name)?;
        }
        let mut nodes = BTreeSet::new();
        for node in &self.nodes {
            add(&mut nodes, &node.name)?;
            if let Some(value) = node.inputs.iter().find(|v| !known.contains(v.as_str())) {
                return Err(CheckError::Missing {
                    node: node.name.clone(),
                    value: value.clone(),
                });
            }
            for output in &node.outputs {
                add(&mut known, output)?;
            }
        }
        if let Some(port) = self.outputs.iter().find(|p| !known.contains(p.name.as_str())) {
            return Err(CheckError::NoOutput(port.name.clone()));
        }
        // Backwards: what outputs depend on.
        let mut wanted: BTreeSet<&str> = self.outputs.iter().map(|p| p.name.as_str()).collect();
        for node in self.nodes.iter().rev() {
            if !node.outputs.iter().any(|v| wanted.contains(v.as_str())) {
                return Err(CheckError::Unused(node.name.clone()));
            }
            wanted.extend(node.inputs.iter().map(String::as_str));
        }
        match sources.into_iter().find(|name| !wanted.contains(name)) {
            Some(name) => Err(CheckError::Unused(name.to_owned())),
            None => Ok(()),
        }
    }
}

/// Adds a name, which must be new.
fn add<'a>(known: &mut BTreeSet<&'a str>, name: &'a str) -> Result<(), CheckError> {
    match known.insert(name) {
        true => Ok(()),
        false => Err(CheckError::Twice(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, Dim};

    fn graph() -> Graph {
        let mut g = Builder::default();
        let x = g.input("x", &[Dim::Named("n")]);
        let one = g.float(1.0);
        let y = g.op("Add", &[&x, &one], &[]);
        let z = g.op("Mul", &[&y, &one], &[]);
        g.output("z", &z, &[Dim::Named("n")]);
        g.finish()
    }

    #[test]
    fn every_fault_is_found() {
        assert_eq!(graph().check(), Ok(()));
        let mut g = graph();
        g.nodes.swap(0, 1);
        let missing = CheckError::Missing {
            node: "Mul".into(),
            value: "Add".into(),
        };
        assert_eq!(g.check(), Err(missing));
        let mut g = graph();
        g.nodes[1].outputs[0] = "Add".into();
        assert_eq!(g.check(), Err(CheckError::Twice("Add".into())));
        let mut g = graph();
        g.nodes[1].name = "Add".into();
        assert_eq!(g.check(), Err(CheckError::Twice("Add".into())));
        let mut g = graph();
        g.nodes.pop();
        assert_eq!(g.check(), Err(CheckError::NoOutput("z".into())));
        let mut g = graph();
        g.nodes[1].inputs[0] = "x".into();
        assert_eq!(g.check(), Err(CheckError::Unused("Add".into())));
        let mut g = graph();
        g.constants
            .push(("spare".into(), crate::Tensor::ints(&[], vec![1])));
        assert_eq!(g.check(), Err(CheckError::Unused("spare".into())));
    }
}
