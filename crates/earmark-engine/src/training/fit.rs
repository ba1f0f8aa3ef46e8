//! The training loop.
//!
//! A run that is killed at any moment and resumed ends with the same bytes as one that was not: batches and dropout masks follow
//! from (seed, step), the state is written last and atomically, and the logs are cut back to it.

use crate::checkpoint::event_file::PREFIX;
use crate::checkpoint::model_file::{ModelFileError, ModelMeta};
use crate::checkpoint::resume_state::{Best, CheckpointConfig};
use crate::scoring::scorer::ScoreError;
use crate::training::config::{TrainConfig, ValidationConfig};
use crate::training::session::Session;
use crate::training::throughput::Pace;
use burn::tensor::Device;
use earmark_core::atomic::WriteError;
use earmark_data::batches::BatchMaker;
use earmark_data::store::ItemError;
use earmark_metrics::Report;
use earmark_models::{Network, Vars};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Judges weights on the validation clips; `None` when it was stopped from outside before it was done.
pub type Validate<'a> = dyn FnMut(&Vars) -> Result<Option<Report>, FitError> + 'a;

/// Everything a training needs.
pub struct Fit<'a> {
    /// `[train]`.
    pub train: &'a TrainConfig,
    /// `[validation]`.
    pub validation: &'a ValidationConfig,
    /// `[checkpoints]`.
    pub checkpoints: &'a CheckpointConfig,
    /// The layers.
    pub network: &'a Network,
    /// Their start, on the device to train on; after [`fit`] their end.
    pub vars: Vars,
    /// Makes the batches.
    pub batches: Arc<BatchMaker>,
    /// Makes those of phases without mixing, where there are any.
    pub unmixed: Option<Arc<BatchMaker>>,
    /// For each clip of the batches whether its labels are noisy; clips beyond its end are not.
    pub noisy: Vec<bool>,
    /// Judges weights, where there are validation clips.
    pub validate: Option<Box<Validate<'a>>>,
    /// Description for the model files; the step is filled in.
    pub meta: ModelMeta,
    /// The run directory.
    pub run: &'a Path,
    /// Whether to go on from the run's state, where it has one.
    pub resume: bool,
    /// Device to train on, without autodiff.
    pub device: Device,
    /// Set from outside to end after the step in work, or in the midst of a validation.
    pub stop: &'a AtomicBool,
}

/// What the loop tells while it runs.
#[derive(Debug)]
pub enum FitEvent<'a> {
    /// Training begins (or goes on) before this step.
    Started {
        /// Steps done already.
        step: u64,
        /// Steps of the whole training.
        total: u64,
        /// Steps of an epoch.
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
    /// Validation has judged a checkpoint.
    Validated {
        /// Its step.
        step: u64,
        /// What came out.
        report: &'a Report,
        /// The metric that steers, and its value.
        steers: (&'static str, f64),
        /// Whether it is the best so far.
        best: bool,
    },
    /// A checkpoint is on disk.
    Saved {
        /// Its step.
        step: u64,
    },
    /// Something worth a line in the log.
    Note(String),
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Steps done.
    pub step: u64,
    /// Steps planned.
    pub total: u64,
    /// Best validation.
    pub best: Option<Best>,
    /// Whether it was interrupted from outside.
    pub interrupted: bool,
    /// Why it ended early of its own accord.
    pub stopped_early: Option<String>,
    /// How fast its steps were, those of this process alone.
    pub pace: Pace,
}

/// Why a training can't go on.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// A file of the run can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A model or state file can't be used.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A training clip failed in the midst of the run.
    #[error("training stopped at step {step}: {cause}; mend the file, then go on with --resume")]
    Item {
        /// Steps done.
        step: u64,
        /// Which file and why.
        cause: ItemError,
    },
    /// The loss is NaN or infinite.
    #[error(
        "the loss became {loss} at step {step}: the weights have run away; choose a smaller train.learning-rate (it was {rate} here) or set train.gradient-clip"
    )]
    Diverged {
        /// Steps done.
        step: u64,
        /// The loss.
        loss: f64,
        /// The rate then.
        rate: f64,
    },
    /// The metric that steers is not defined on the validation clips.
    #[error(
        "validation.metric = {metric} is not defined on the validation clips (no clip has a label?); choose another metric or split"
    )]
    NoScore {
        /// The metric.
        metric: &'static str,
    },
    /// A validation clip failed.
    #[error("{file}: could not be judged: {reason}")]
    Judge {
        /// The clip.
        file: String,
        /// Why.
        reason: String,
    },
    /// No clip can be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Scores that no metric takes.
    #[error(transparent)]
    Metrics(#[from] earmark_metrics::MetricsError),
}

/// Path of a run's per-step log.
pub fn metrics_path(run: &Path) -> PathBuf {
    run.join("metrics.jsonl")
}

/// Path of a run's TensorBoard events.
pub fn events_path(run: &Path) -> PathBuf {
    run.join(format!("{PREFIX}0000000001.earmark"))
}

/// Trains to the end, or until it is stopped; returns the outcome and the last weights (averaged, where the recipe averages).
pub fn fit(mut job: Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<(Outcome, Vars), FitError> {
    let mut session = Session::open(&mut job, on_event)?;
    let interrupted = session.run(&mut job, on_event)?;
    let total = session.total();
    let p = &session.progress;
    let outcome = Outcome {
        step: p.step,
        total,
        best: p.best,
        interrupted,
        stopped_early: p.stopped_early.clone(),
        pace: session.pace,
    };
    Ok((outcome, session.average.unwrap_or(session.vars)))
}
