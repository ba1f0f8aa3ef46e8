//! Linear probes.

mod lbfgs;
mod linear_probe;

pub use linear_probe::{LinearProbe, LinearProbeData};
