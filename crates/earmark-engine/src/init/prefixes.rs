//! Groups of variables, chosen by prefixes of their names.

use earmark_models::VarSpec;
use serde::{Deserialize, Serialize};

/// Which variables are transferred: those whose name begins with one of `include` (all if it is empty) and with none of `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ParameterPrefixes {
    /// Prefixes to transfer; applied first.
    #[serde(default)]
    pub include: Vec<String>,
    /// Prefixes to leave out.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl ParameterPrefixes {
    /// Whether a variable of this name is chosen.
    pub fn matches(&self, name: &str) -> bool {
        (self.include.is_empty() || has_prefix(&self.include, name)) && !has_prefix(&self.exclude, name)
    }
}

/// Whether a name begins with one of the prefixes.
pub fn has_prefix(prefixes: &[String], name: &str) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
}

/// First parts of variables' names, in order.
pub(crate) fn known_prefixes(specs: &[VarSpec]) -> String {
    let mut known: Vec<&str> = specs.iter().filter_map(|s| s.name.split('.').next()).collect();
    known.dedup();
    known.join(", ")
}
