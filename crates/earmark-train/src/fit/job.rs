//! What a fit is asked for, and what it gives.

use super::choose::{FitMetric, WayComparison};
use crate::{ProbeClasses, Skips};
use earmark_data::DataOptions;
use earmark_metrics::{CalibrationQuality, Guessing, Report};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder to make a model of.
#[derive(Clone, Debug)]
pub struct FitFolderJob {
    /// A labelled data folder.
    pub data: PathBuf,
    /// How it is read.
    pub options: DataOptions,
    /// A fold table, if the data has no folds or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// The fold of which nothing is seen until the finished model is evaluated on it.
    pub fold: Option<u32>,
    /// The network to begin with: a file, RUN, RUN@STEP or an installed model; without one, networks are trained from
    /// scratch.
    pub model: Option<String>,
    /// Whether classes exclude each other.
    pub classes: ProbeClasses,
    /// A folder of recordings that belong to none of the classes.
    pub background: Option<PathBuf>,
    /// `KEY=VALUE` changes to the recipe that a network is fine-tuned or trained from scratch with.
    pub overrides: Vec<String>,
    /// The model file to write.
    pub out: PathBuf,
    /// The folder of what is made on the way, which an interrupted fit resumes from.
    pub work: PathBuf,
    /// Seconds that the whole work may take; a way that would not fit is left out, except the first.
    pub budget_seconds: Option<f64>,
    /// Whether an earlier fit in the folder of work is removed.
    pub restart: bool,
    /// Device by name.
    pub device: String,
    /// The command line, for `run.json` and the report.
    pub command: Vec<String>,
}

impl FitFolderJob {
    /// The usual folder of work of a model file, next to it: `MODEL.fit`.
    pub fn work_of(out: &Path) -> PathBuf {
        let mut work = out.as_os_str().to_owned();
        work.push(".fit");
        work.into()
    }

    /// The report in a folder of work.
    pub fn report_in(work: &Path) -> PathBuf {
        work.join("report.html")
    }
}

/// A way to a model, as it did on clips that it was not trained on.
#[derive(Clone, Debug, Serialize)]
pub struct FitWayResult {
    /// Its name, such as `probe`.
    pub name: String,
    /// What it is, in words.
    pub description: String,
    /// Seconds that it took, cross-validation included.
    pub seconds: f64,
    /// Folds that it was compared on.
    pub folds: usize,
    /// Clips scored by a model that was not trained on their fold.
    pub clips: usize,
    /// Accuracy of those scores.
    pub accuracy: Option<f64>,
    /// Their label-weighted label-ranking average precision.
    pub lwlrap: Option<f64>,
    /// How it differs from the first way, on the clips that both have scored; none of the first.
    pub compared: Option<WayComparison>,
    /// Whether the written model was made in this way.
    pub chosen: bool,
}

/// A way that was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WayLeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The quality of out-of-fold scores before and after calibration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FitCalibration {
    /// Of the uncalibrated scores, with thresholds of 0.5.
    pub before: CalibrationQuality,
    /// Of each fold's scores when they are calibrated by the other folds.
    pub after: CalibrationQuality,
    /// Whether that is better, so that the model calibrates its scores; else they stay as they are.
    pub helps: bool,
}

/// The written model on the clips of the fold that nothing was seen of.
#[derive(Clone, Debug, Serialize)]
pub struct FitHeldOut {
    /// The fold.
    pub fold: u32,
    /// The results.
    pub report: Report,
}

/// The result of a fit.
#[derive(Clone, Debug, Serialize)]
pub struct FitFolderResult {
    /// The model file.
    pub model: PathBuf,
    /// The folder of what was made on the way.
    pub work: PathBuf,
    /// The report of the chosen way's out-of-fold scores.
    pub report: PathBuf,
    /// Name of the chosen way.
    pub chosen: String,
    /// What it was chosen by.
    pub metric: FitMetric,
    /// Clips that the model is trained on, without those that could not be read.
    pub clips: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The folds of which one may be left out.
    pub outer_folds: Vec<u32>,
    /// Their table, where they were drawn in place of those of the data.
    pub fold_table: Option<PathBuf>,
    /// Number of folds that the ways were compared on.
    pub folds: usize,
    /// All ways that were tried, the first one first.
    pub ways: Vec<FitWayResult>,
    /// Ways that were not tried.
    pub left_out: Vec<WayLeftOut>,
    /// What guessing by how frequent the classes are would reach on the same clips.
    pub guessing: Option<Guessing>,
    /// The chosen way's scores as probabilities.
    pub calibration: FitCalibration,
    /// The score from which on the model says that a class is there, by class.
    pub thresholds: BTreeMap<String, f32>,
    /// The results on the fold that nothing was seen of; they chose nothing.
    pub held_out: Option<FitHeldOut>,
    /// What to know before believing the results.
    pub warnings: Vec<String>,
    /// Clips that could not be read.
    pub skipped: Skips,
    /// Clips that are used though a part of them is missing, with what.
    pub damaged: Skips,
    /// Clips with a class that are silent throughout, and used all the same.
    pub silent: Vec<String>,
    /// Clips with a class that have no samples, and used all the same.
    pub empty: Vec<String>,
    /// Seconds of this call.
    pub seconds: f64,
}
