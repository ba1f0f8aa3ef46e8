//! How weights move: optimisers, gradient clipping, learning rates.

mod config;
mod gradient_clip;
mod layer_rate;
pub(crate) mod optimizer;
pub(crate) mod schedule;
mod update_rules;

pub use config::{AdamConfig, EpsilonRule, OptimizerConfig, SgdConfig};
pub use gradient_clip::GradientClip;
pub use layer_rate::LayerRate;
pub use optimizer::Optimizer;
pub use schedule::{PlateauState, Schedule, TrainingPosition};
