//! Linear probes.
//!
//! ```text
//! LinearProbeData -> Standardiser -> PackedClips -> Objective -> minimise -> LinearProbe
//!                    standardise     products    objective    lbfgs       a dense layer
//! ```

mod lbfgs;
mod linear_probe;
mod objective;
#[cfg(test)]
mod oracle;
mod products;
mod standardise;

pub use linear_probe::{LinearProbe, LinearProbeData};
