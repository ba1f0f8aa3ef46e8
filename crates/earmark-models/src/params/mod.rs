//! A network's parameters: their names and shapes, how they start, and their current values.

pub(crate) mod initial_values;
pub(crate) mod packed_chains;
pub(crate) mod variable_names_and_shapes;
pub(crate) mod variable_values;

pub use initial_values::{VarInit, WeightInit};
pub use variable_names_and_shapes::{VarBuilder, VarId, VarKind, VarSpec, count_parameters};
pub use variable_values::{Vars, to_host};
