//! Learning: losses, schedules, the training loop, checkpoints, event logs, scoring and judging.
//!
//! [`fit`] trains, [`Scorer`] scores clips, [`judge`] evaluates every checkpoint of a run, [`ModelFile`] is what all of them share.

pub mod checkpoint;
mod config;
mod events;
mod fit;
mod fit_input;
pub mod judge;
mod loss;
mod model_file;
mod optimizer;
mod optimizer_config;
mod pace;
mod phase;
mod probe;
mod rows;
mod schedule;
mod score;
mod session;
mod start;
mod step;
mod stretches;
mod tiles;
mod warm_start;

pub use checkpoint::{Best, CheckpointConfig, Keep};
pub use config::{Metric, Refusal, TrainConfig, ValidationConfig, ValidationSplit};
pub use events::EventWriter;
pub use fit::{Fit, FitError, FitEvent, Outcome, Validate, events_path, fit, metrics_path};
pub use fit_input::{FitInputError, carry_input, fit_input};
pub use loss::{ClassWeights, Loss};
pub use model_file::{
    FORMAT, HostTensor, ModelFile, ModelFileError, ModelMeta, Tensors, read_foreign_tensors, read_tensors,
    write_tensors,
};
pub use optimizer::{GradientClip, Optimizer, clip};
pub use optimizer_config::{EpsilonRule, OptimizerConfig};
pub use pace::Pace;
pub use phase::{Begin, LayerRate, Phase, ScopeError, check_scopes, in_scope};
pub use probe::{Probe, ProbeData};
pub use rows::RowScorer;
pub use schedule::{PlateauState, Position, Schedule};
pub use score::{ClipResult, Pass, ScoreError, Scorer};
pub use start::StartConfig;
pub use step::{Step, StepResult, train_step};
pub use stretches::{StretchMean, Stretches};
pub use tiles::{TileScores, Tiling};
pub use warm_start::{Carried, Scopes, WarmStartError, warm_start};
