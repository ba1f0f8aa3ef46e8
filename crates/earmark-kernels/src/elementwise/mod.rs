//! Operations on single values, rows and planes: activations, normalisation, pooling, gates and optimizer steps.

pub mod activation;
pub mod batch_norm;
pub mod epilogue;
pub mod gate;
pub mod optimizer_steps;
pub mod output_gradient;
pub mod pool;
pub mod postponed_normalisation;
pub(crate) mod rows;
