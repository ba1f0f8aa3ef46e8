//! The whole way, top to bottom: data folder -> examples -> training -> judging -> predictions.

mod calibrate;
mod class_weights;
mod data;
mod embed;
mod estimate;
mod evaluate;
mod folds;
mod folds_report;
mod input;
mod plan;
mod predict;
mod predict_tiles;
mod probe;
mod resume;
mod roles;
mod split;
mod stack;
mod start;
mod steering;
mod told;
mod train;

pub use calibrate::{Calibrate, CalibrateBy, CalibrateTo, CalibratedModels, calibrate};
pub use embed::{Embed, embed};
pub use estimate::{Estimate, estimate};
pub use evaluate::{Checkpoints, Evaluate, Evaluated, evaluate};
pub use folds::{FoldSet, OutOfFold, TrainedFolds, folds_of, out_of_fold, train_folds};
pub use folds_report::{FoldLine, FoldsReport, Spread};
pub use plan::{Plan, plan};
pub use predict::{Predict, Prediction, predict, scorer_of};
pub use predict_tiles::{TilePrediction, TileRow, out_of_fold_tiles, predict_tiles};
pub use probe::{FitProbe, Probed, ProbedFold, STRENGTHS, probe};
pub use roles::{Role, Roles};
pub use split::{Parts, split};
pub use stack::{TrainStack, input_names, inputs_of, train_stack};
pub use told::validation;
pub use train::{Train, Trained, train};

use crate::device::DeviceError;
use crate::embeddings::EmbeddingsError;
use crate::recipe::RecipeError;
use crate::run_dir::RunError;
use earmark_core::atomic::WriteError;
use earmark_data::batches::BatchError;
use earmark_data::folds::{FoldError, FoldTableError};
use earmark_data::setting::SettingError;
use earmark_data::store::{Interrupted, ItemError};
use earmark_data::{ClassMapError, DataError, Item};
use earmark_engine::{
    FitError, FitEvent, FitInputError, ModelFileError, ScopeError, ScoreError, WarmStartError,
};
use earmark_features::ConfigError;
use earmark_metrics::{MetricsError, Report};
use earmark_models::ModelError;

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
    Setting(#[from] SettingError),
    #[error(transparent)]
    FrontEnd(#[from] ConfigError),
    #[error(transparent)]
    Network(#[from] ModelError),
    #[error(transparent)]
    Model(#[from] ModelFileError),
    #[error(transparent)]
    WarmStart(#[from] WarmStartError),
    #[error(transparent)]
    Embeddings(#[from] EmbeddingsError),
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error(transparent)]
    FitInput(#[from] FitInputError),
    #[error(transparent)]
    Item(#[from] ItemError),
    #[error(transparent)]
    Score(#[from] ScoreError),
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
fn reason(item: &Item, error: &ItemError) -> String {
    let fault = error.fault.to_string();
    match fault.strip_prefix(&format!("{}: ", item.path.display())) {
        Some(rest) => rest.to_owned(),
        None => fault,
    }
}
