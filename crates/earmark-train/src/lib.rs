//! Train, evaluate, cross-validate, stack, tune, calibrate and probe.
//!
//! | module | for |
//! |---|---|
//! | [`train()`] | recipe and data folder to a run directory |
//! | [`evaluate()`] | a run's checkpoints to results on its test clips |
//! | [`train_folds`], [`out_of_fold`] | cross-validation: a run per fold, and scores by the model that did not see a clip |
//! | [`train_stack`] | networks on the out-of-fold scores of other runs |
//! | [`tuning`] | search for settings |
//! | [`calibrate()`] | scores to probabilities, and per-class thresholds |
//! | [`probe()`] | a linear classifier on a frozen model's embeddings |

pub mod benchmark;
mod calibration;
mod cross_validation;
mod evaluation;
pub mod label_review;
mod linear_probe;
mod split;
mod stacking;
mod training;
pub mod tuning;
pub mod weight_average;

pub use calibration::{CalibrateBy, CalibrateJob, CalibrateTo, CalibratedModels, calibrate};
pub use cross_validation::{
    CrossValidated, FoldLine, FoldSet, FoldsReport, OutOfFold, Spread, folds_of, out_of_fold, train_folds,
};
pub use evaluation::{Checkpoints, EvaluateJob, EvaluateResult, evaluate};
pub use linear_probe::{ProbeJob, ProbeResult, ProbedFold, STRENGTHS, probe};
pub use split::split;
pub use stacking::{StackJob, input_names, train_stack};
pub use training::{Estimate, Plan, TrainJob, TrainResult, describe_validation, estimate, plan, train};

use earmark_inference::{Event, Observer, PipelineError, Skips, reason};
use earmark_runs::roles::{Parts, Roles};

/// Revision of the source that this was built from, where it was known.
pub const REVISION: Option<&str> = option_env!("EARMARK_REVISION");
