//! A network's parameters: their names and shapes, how they start, and their current values.

pub(crate) mod init;
pub(crate) mod packed_chains;
pub(crate) mod spec;
pub(crate) mod vars;

pub use init::{VarInit, WeightInit};
pub use spec::{VarBuilder, VarId, VarKind, VarSpec, count_parameters};
pub use vars::{Vars, to_host};
