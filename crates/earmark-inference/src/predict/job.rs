//! What to predict, and what comes of it.

use crate::model::ModelPrecision;
use crate::shards::Shard;
use crate::{Remarks, Skips};
use earmark_data::ReadAs;
use earmark_metrics::{BlendMean, ScoreTable};
use earmark_models::Precision;
use std::path::PathBuf;

/// What to predict.
#[derive(Clone, Debug, Default)]
pub struct PredictJob {
    /// Models, stacked or not: files, RUN, RUN@STEP, or a cross-validation run, which means its folds; several are
    /// blended.
    pub models: Vec<String>,
    /// A data folder.
    pub data: Option<PathBuf>,
    /// A subset of it; `None` is `test` if the data has one, else everything.
    pub subset: Option<String>,
    /// Single files, and folders with all audio below them.
    pub files: Vec<PathBuf>,
    /// Only the recordings of this shard.
    pub shard: Option<Shard>,
    /// How the folder is read where that differs from the model's recipe. Damaged recordings are salvaged unless it
    /// says otherwise.
    pub read: ReadAs,
    /// How several models are blended.
    pub mean: BlendMean,
    /// Whether to ignore the calibration in model files.
    pub raw: bool,
    /// Weight of each model; `None` weighs all equally.
    pub weights: Option<Vec<f64>>,
    /// Device by name.
    pub device: String,
    /// What models score in; `None`: what their recipes say.
    pub precision: Option<Precision>,
}

/// Scores of clips.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// One row per file, sorted by name; one column per class of the model.
    pub scores: ScoreTable,
    /// Files that a model could not read; in place of its scores, their rows contain the mean of its other rows (0
    /// without other rows).
    pub skipped: Skips,
    /// Number of rows without scores: those that no model could read, and all where a model could read none.
    pub unread: usize,
    /// What each model that scores audio scored in.
    pub precision: Vec<ModelPrecision>,
    /// Files of the data folder without a row, because no table can contain their names.
    pub unnamed: Skips,
    /// What is missing of recordings that were scored, and what contradicts their sound.
    pub remarks: Remarks,
    /// Number of clips that a model was trained or validated on, as far as its run records them: their scores are too
    /// good.
    pub trained_on: usize,
    /// Whether the run of such a model has held-out clips.
    pub has_held_out: bool,
    /// Whether the model gives every clip exactly one class (softmax).
    pub single_label: bool,
}

impl Prediction {
    /// Number of rows with scores.
    pub fn scored(&self) -> usize {
        self.scores.files().len().saturating_sub(self.unread)
    }
}
