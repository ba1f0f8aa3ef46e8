//! Learning: losses, schedules, the training loop, checkpoints, event logs, scoring and judging.
//!
//! [`fit`] trains, [`Scorer`] scores clips, [`judge`] evaluates every checkpoint of a run, [`ModelFile`] is what all of them share.

pub mod checkpoint;
mod init;
mod loss;
mod optim;
mod probe;
mod refusal;
mod scoring;
mod training;

pub use checkpoint::event_file::EventWriter;
pub use checkpoint::model_file::{
    FORMAT, HostTensor, ModelFile, ModelFileError, ModelMeta, Tensors, read_foreign_tensors, read_tensors,
    write_tensors,
};
pub use checkpoint::{Best, CheckpointConfig, Keep};
pub use init::scaler::{FitInputError, carry_input, fit_input};
pub use init::start_config::StartConfig;
pub use init::warm_start::{Carried, Scopes, WarmStartError, warm_start};
pub use loss::{ClassWeights, Loss};
pub use optim::config::{EpsilonRule, OptimizerConfig};
pub use optim::optimizer::{GradientClip, Optimizer, clip};
pub use optim::schedule::{PlateauState, Position, Schedule};
pub use probe::linear_probe::{Probe, ProbeData};
pub use refusal::Refusal;
pub use scoring::evaluate as judge;
pub use scoring::random_crops::{StretchMean, Stretches};
pub use scoring::row_scorer::RowScorer;
pub use scoring::scorer::{ClipResult, Pass, ScoreError, Scorer};
pub use scoring::segments::{TileScores, Tiling};
pub use training::config::{Metric, TrainConfig, ValidationConfig, ValidationSplit};
pub use training::fit::{Fit, FitError, FitEvent, Outcome, Validate, events_path, fit, metrics_path};
pub use training::phase::{Begin, LayerRate, Phase, ScopeError, check_scopes, in_scope};
pub use training::step::{Step, StepResult, train_step};
pub use training::throughput::Pace;
