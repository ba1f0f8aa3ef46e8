//! What a training needs, what it reports, how it ends and why it can fail.

use super::config::TrainConfig;
use super::throughput::Throughput;
use super::validation_config::ValidationConfig;
use crate::checkpoint::{BestCheckpoint, CheckpointConfig, ModelFileError, ModelMeta};
use crate::scoring::evaluation::EvaluationError;
use burn::tensor::Device;
use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;
use earmark_data::batches::BatchMaker;
use earmark_data::feature_store::ItemError;
use earmark_metrics::Report;
use earmark_models::{Network, Vars};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Evaluates weights on the validation clips; `None` when it was stopped from outside before it was done.
pub type Validate<'a> = dyn FnMut(&Vars) -> Result<Option<Report>, FitError> + 'a;

/// Everything that a training needs.
pub struct FitJob<'a> {
    /// `[train]`.
    pub train: &'a TrainConfig,
    /// `[validation]`.
    pub validation: &'a ValidationConfig,
    /// `[checkpoints]`.
    pub checkpoints: &'a CheckpointConfig,
    /// The layers.
    pub network: &'a Network,
    /// Their initial values, on the device to train on.
    pub vars: Vars,
    /// Makes the batches.
    pub batches: Arc<BatchMaker>,
    /// Makes the batches of phases without mixing, where there are any.
    pub unmixed: Option<Arc<BatchMaker>>,
    /// For each clip of the batches whether its labels are noisy; clips beyond its end are not.
    pub noisy: Vec<bool>,
    /// Evaluates weights, where there are validation clips.
    pub validate: Option<Box<Validate<'a>>>,
    /// Metadata for the model files; the step is filled in.
    pub meta: ModelMeta,
    /// The run directory.
    pub run: &'a Path,
    /// Whether to resume from the run's state, where it has one.
    pub resume: bool,
    /// Device to train on, without autodiff.
    pub device: Device,
    /// Set from outside to end after the current step, or in the middle of a validation.
    pub stop: &'a AtomicBool,
}

/// What the loop reports while it runs.
#[derive(Debug)]
pub enum FitEvent<'a> {
    /// Training begins or resumes.
    Started {
        /// Steps done already.
        step: u64,
        /// Steps of the whole training.
        total: u64,
        /// Steps per epoch.
        steps_per_epoch: u64,
    },
    /// A step is done.
    Step {
        /// Steps done.
        step: u64,
        /// Loss of this one.
        loss: f64,
        /// Its learning rate.
        rate: f64,
    },
    /// Validation has evaluated a checkpoint.
    Validated {
        /// Its step.
        step: u64,
        /// All metrics.
        report: &'a Report,
        /// The metric that chooses the best checkpoint, and its value.
        metric: (&'static str, f64),
        /// Whether it is the best so far.
        best: bool,
    },
    /// A checkpoint is on disk.
    Saved {
        /// Its step.
        step: u64,
    },
    /// A line for the log.
    Note(String),
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct FitOutcome {
    /// Steps done.
    pub step: u64,
    /// Steps planned.
    pub total: u64,
    /// Best validation.
    pub best: Option<BestCheckpoint>,
    /// Whether it was interrupted from outside.
    pub interrupted: bool,
    /// Why it ended early by itself.
    pub stopped_early: Option<String>,
    /// How fast the steps of this process were.
    pub throughput: Throughput,
}

/// Why a training can't continue.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// A file of the run can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A model or state file can't be used.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A setting that the device can't have.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A training clip failed in the middle of the run.
    #[error("training stopped at step {step}: {cause}; fix the file, then resume with --resume")]
    Item {
        /// Steps done.
        step: u64,
        /// Which file and why.
        cause: ItemError,
    },
    /// The loss is NaN or infinite.
    #[error(
        "the loss became {loss} at step {step}: training diverged; lower train.learning-rate (it was {rate} here) or set train.gradient-clip"
    )]
    Diverged {
        /// Steps done.
        step: u64,
        /// The loss.
        loss: f64,
        /// The rate then.
        rate: f64,
    },
    /// The validation metric is undefined on the validation clips.
    #[error(
        "validation.metric = {metric} is undefined on the validation clips (no clip has a label?); choose another metric or split"
    )]
    NoScore {
        /// The metric.
        metric: &'static str,
    },
    /// A validation failed.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}
