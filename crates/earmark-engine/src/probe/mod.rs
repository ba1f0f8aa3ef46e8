//! Linear probes.

mod lbfgs;
pub(crate) mod linear_probe;
