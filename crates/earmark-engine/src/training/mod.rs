//! The training loop and its settings.

pub(crate) mod config;
mod distil_config;
mod freeze_and_layer_rate_checks;
pub(crate) mod job;
mod length_in_epochs_or_steps;
mod longer;
mod metrics_jsonl_and_tensorboard;
mod phase;
mod phase_plan;
mod precision_on_device;
mod session;
mod step;
mod throughput;
mod train_precision;
mod validation_config;
mod validation_metric;

pub use config::TrainConfig;
pub use distil_config::DistilConfig;
pub use freeze_and_layer_rate_checks::{PrefixError, check_prefixes};
pub use job::{FitError, FitEvent, FitJob, FitOutcome, Validate};
pub use metrics_jsonl_and_tensorboard::{events_path, metrics_path};
pub use phase::{Begin, Phase};
pub use session::fit;
pub use step::{StepResult, TrainStep, UnreadResult, train_step, train_step_unread};
pub use throughput::Throughput;
pub use train_precision::TrainPrecision;
pub use validation_config::{ValidationConfig, ValidationSplit};
pub use validation_metric::ValidationMetric;
