//! What the jobs of earmark report while they work, and why they fail.

use crate::device::DeviceError;
use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;
use earmark_data::batches::BatchError;
use earmark_data::feature_store::{Interrupted, ItemError};
use earmark_data::split::{FoldError, FoldTableError};
use earmark_data::{ClassMapError, DataError, Item};
use earmark_engine::{
    FitError, FitEvent, InputScalerError, ModelFileError, PrefixError, ScoreError, WarmStartError,
    evaluation::EvaluationError,
};
use earmark_index::EmbeddingsError;
use earmark_metrics::{MetricsError, Report};
use earmark_models::ModelError;
use earmark_recipe::RecipeError;
use earmark_runs::run_dir::RunError;

/// What a pipeline tells while it works; called from any thread.
#[derive(Debug)]
pub enum Event<'a> {
    /// Features are being computed or found in the cache.
    Features {
        /// Clips done.
        done: usize,
        /// Clips in all.
        total: usize,
    },
    /// From the training loop.
    Fit(FitEvent<'a>),
    /// A checkpoint is being judged.
    Judging {
        /// Its step.
        step: u64,
        /// Clips done.
        done: usize,
        /// Clips in all.
        total: usize,
        /// Lwlrap so far.
        lwlrap: Option<f64>,
    },
    /// A checkpoint is judged.
    Judged {
        /// Its step.
        step: u64,
        /// The results.
        report: &'a Report,
    },
    /// Clips are being scored.
    Scoring {
        /// Clips done.
        done: usize,
        /// Clips in all.
        total: usize,
    },
    /// A clip was left out.
    Skipped {
        /// Its name.
        file: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A line worth telling.
    Note(String),
}

/// Hears [`Event`]s.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);

/// Why a pipeline refused or failed. Each kind's message is whole by itself.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is another crate's error, unchanged")]
pub enum PipelineError {
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Classes(#[from] ClassMapError),
    #[error(transparent)]
    Fold(#[from] FoldError),
    #[error(transparent)]
    FoldTable(#[from] FoldTableError),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Network(#[from] ModelError),
    #[error(transparent)]
    Model(#[from] ModelFileError),
    #[error(transparent)]
    WarmStart(#[from] WarmStartError),
    #[error(transparent)]
    Embeddings(#[from] EmbeddingsError),
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error(transparent)]
    InputScaler(#[from] InputScalerError),
    #[error(transparent)]
    Item(#[from] ItemError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// A request that does not fit the data or the run.
    #[error("{0}")]
    Request(String),
}

impl PipelineError {
    /// Whether it is an interruption from outside and no failure.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupted(_))
    }
}

/// Clips that could not be used, as (file, reason).
pub type Skips = Vec<(String, String)>;

/// Why a clip could not be used, to stand beside its name: the fault itself begins with the path, which would say the same again.
pub fn reason(item: &Item, error: &ItemError) -> String {
    let fault = error.fault.to_string();
    match fault.strip_prefix(&format!("{}: ", item.path.display())) {
        Some(rest) => rest.to_owned(),
        None => fault,
    }
}
