//! Losses on logits with soft targets, and the scores that belong to them.

mod class_weights;
mod config;
mod formulas;
mod forward;
mod noisy_labels;

pub use class_weights::ClassWeights;
pub use config::Loss;
