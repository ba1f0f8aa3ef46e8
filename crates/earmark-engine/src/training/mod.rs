//! The training loop and its settings.

pub(crate) mod config;
mod frozen;
pub(crate) mod job;
mod length;
mod log;
mod metric;
mod phase;
mod phase_plan;
mod session;
mod step;
mod throughput;
mod validation_config;

pub use config::TrainConfig;
pub use frozen::{PrefixError, check_prefixes};
pub use job::{FitError, FitEvent, FitJob, FitOutcome, Validate};
pub use log::{events_path, metrics_path};
pub use metric::ValidationMetric;
pub use phase::{Begin, Phase};
pub use session::fit;
pub use step::{StepResult, TrainStep, train_step};
pub use throughput::Throughput;
pub use validation_config::{ValidationConfig, ValidationSplit};
