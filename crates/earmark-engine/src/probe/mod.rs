//! Linear probes.
//!
//! ```text
//! LinearProbeData -> Standardiser -> WithinClass -> PackedClips -> Objective -> minimise -> LinearProbe
//!                    standardise     within_class   products       objective    lbfgs       a dense layer
//! ```

mod lbfgs;
mod linear_probe;
mod objective;
#[cfg(test)]
mod oracle;
mod products;
mod standardise;
mod within_class;

pub use linear_probe::{LinearProbe, LinearProbeData};
