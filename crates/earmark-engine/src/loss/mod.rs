//! Losses on logits with soft targets, and the scores that belong to them.

pub(crate) mod class_weights;
pub(crate) mod config;
mod formulas;
mod noisy_labels;

pub use class_weights::ClassWeights;
pub use config::Loss;
