//! Operations on single values, rows and planes: activations, normalisation, pooling, gates and optimizer steps.

pub mod activation;
pub mod epilogue;
pub mod gate;
pub mod norm;
pub mod optimizer_steps;
pub mod pending;
pub mod pool;
pub(crate) mod rows;
