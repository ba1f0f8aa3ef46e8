//! Train, evaluate, cross-validate, stack, tune, calibrate and probe.
//!
//! | module | for |
//! |---|---|
//! | [`train()`] | recipe and data folder to a run directory |
//! | [`evaluate()`] | a run's checkpoints to results on its test clips |
//! | [`train_folds`], [`out_of_fold`] | cross-validation: a run per fold; scores by the model that did not see a clip |
//! | [`train_stack`] | meta-models on the out-of-fold scores of other runs |
//! | [`tuning`] | hyperparameter search |
//! | [`calibrate()`] | scores to probabilities, and per-class thresholds |
//! | [`calibrate_by_events`] | per-class thresholds by true events of held-out recordings |
//! | [`store_thresholds`] | thresholds that were chosen elsewhere, written into models |
//! | [`TruthSource`] | the true labels of scored clips: a table, or the labels of a data folder |
//! | [`probe()`] | a linear classifier on a frozen model's embeddings |
//! | [`EmbeddedReview`] | what the decisions of a review gain, and a model that is trained on them |
//! | [`learn_classes`] | classifiers of the windows of an index, and which to label next |
//! | [`fit_folder`] | a folder to a model: the best of several ways |
//! | [`label_review`] | clips whose labels disagree with held-out scores |
//! | [`weight_average`] | the mean of several models' weights |
//! | [`benchmark`] | speed of front end, training step and inference |

mod average_of_models;
pub mod benchmark;
mod calibration;
mod calibration_cautions;
mod cross_validation;
mod data_truth;
mod evaluate_job;
mod evaluated_clips;
mod evaluation;
mod event_thresholds;
mod fit;
mod index_learning;
pub mod label_review;
mod linear_probe;
mod lost_clips;
mod stacking;
mod stored_thresholds;
mod training;
pub mod tuning;
mod usable_clips;
mod validation_split;

pub use calibration::{CalibrateBy, CalibrateJob, CalibrateTo, CalibrationResult, calibrate};
pub use cross_validation::{
    CrossValidationReport, CrossValidationResult, FoldMetrics, FoldSet, MetricSpread, OutOfFold, check_folds,
    folds_of, out_of_fold, train_folds,
};
pub use data_truth::{DataLabels, ScoredTruth, TruthSource};
pub use evaluate_job::{Checkpoints, EvaluateJob};
pub use evaluation::{EvaluateResult, evaluate};
pub use event_thresholds::{EventThresholdJob, EventThresholdResult, calibrate_by_events};
pub use fit::{
    FitCalibration, FitFolderJob, FitFolderResult, FitHeldOut, FitMetric, FitWayResult, UnfinishedFit,
    WayComparison, WayLeftOut, fit_folder,
};
pub use index_learning::{LearnJob, Learned, ProposedWindow, learn_classes};
pub use linear_probe::{
    BACKGROUND_COPIES, BACKGROUND_NAMES, CLIP_COPIES, EmbeddedReview, LearnedAgain, ProbeCalibration,
    ProbeClasses, ProbeJob, ProbeLayer, ProbeResult, ProbeTrial, ProbedFold, ProbedFolds, ReviewedClips,
    ReviewedLabels, STRENGTHS, probe, probe_data,
};
pub use stacking::{StackJob, input_names, train_stack};
pub use stored_thresholds::{StoreThresholdsJob, store_thresholds};
pub use training::{Estimate, TrainJob, TrainPlan, TrainResult, describe_validation, estimate, plan, train};
pub use validation_split::split;

/// The mean of several models' weights.
pub mod weight_average {
    pub use crate::average_of_models::*;
}

use earmark_inference::{Event, Observer, PipelineError, Skips, reason};
use earmark_runs::split_table::{DataSplit, SplitTable};
use linear_probe::is_background;

/// Revision of the source that this was built from, where it was known.
pub const REVISION: Option<&str> = option_env!("EARMARK_REVISION");
