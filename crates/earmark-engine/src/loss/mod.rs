//! Losses on logits with soft targets, and the scores that belong to them.

mod by_subset;
mod class_weights;
mod config;
mod cross_entropy;
mod focal;
mod label_smoothing;
mod loss_and_scores;
mod lq;
mod lsep;
mod noisy_rows;
mod outliers;
mod soft_bootstrap;

pub use class_weights::ClassWeights;
pub use config::Loss;
