//! A network's parameters: their names and shapes, how they start, and their current values.

pub(crate) mod init;
pub(crate) mod packed_chains;
pub(crate) mod spec;
pub(crate) mod vars;
