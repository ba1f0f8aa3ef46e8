//! Why a job fails, and clips that could not be read.

use crate::devices_by_name::DeviceError;
use earmark_audio::AudioError;
use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;
use earmark_data::batches::BatchError;
use earmark_data::feature_store::{Interrupted, ItemError};
use earmark_data::split::{FoldError, FoldTableError};
use earmark_data::{ClassMapError, DataError, Item};
use earmark_engine::{
    FitError, InputScalerError, ModelFileError, PrefixError, ScoreError, WarmStartError,
    evaluation::EvaluationError,
};
use earmark_index::EmbeddingsError;
use earmark_metrics::MetricsError;
use earmark_recipe::RecipeError;
use earmark_runs::run_dir::RunError;
use std::path::Path;

/// Why a job failed. Each message stands by itself.
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
    Audio(#[from] AudioError),
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
    /// Whether the job was interrupted rather than failed.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupted(_))
    }
}

/// Clips that could not be read, as (file, reason).
pub type Skips = Vec<(String, String)>;

/// Why a clip could not be read, without its path: the name is printed next to it.
pub fn reason(item: &Item, error: &ItemError) -> String {
    without_path(&error.fault.to_string(), &item.path)
}

/// Shortens hashes and lists of classes.
pub(crate) fn shortened(value: &str) -> String {
    const MOST_CHARS: usize = 60;
    match value.char_indices().nth(MOST_CHARS) {
        Some((at, _)) => format!("{}...", &value[..at]),
        None => value.to_owned(),
    }
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// The message without the path that it starts with.
pub(crate) fn without_path(message: &str, path: &Path) -> String {
    let start = format!("{}: ", path.display());
    message.strip_prefix(&start).unwrap_or(message).to_owned()
}
