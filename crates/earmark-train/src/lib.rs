//! Train, evaluate, cross-validate, stack, tune, calibrate and probe.

pub mod average;
pub mod bench;
mod calibrate;
mod class_weights;
mod data;
mod estimate;
mod evaluate;
mod folds;
mod folds_report;
mod input;
mod plan;
mod probe;
mod resume;
pub mod review;
mod split;
mod stack;
mod start;
mod steering;
mod told;
mod train;
pub mod tune;

pub use calibrate::{Calibrate, CalibrateBy, CalibrateTo, CalibratedModels, calibrate};
pub use estimate::{Estimate, estimate};
pub use evaluate::{Checkpoints, Evaluate, Evaluated, evaluate};
pub use folds::{FoldSet, OutOfFold, TrainedFolds, folds_of, out_of_fold, train_folds};
pub use folds_report::{FoldLine, FoldsReport, Spread};
pub use plan::{Plan, plan};
pub use probe::{FitProbe, Probed, ProbedFold, STRENGTHS, probe};
pub use split::split;
pub use stack::{TrainStack, input_names, train_stack};
pub use told::validation;
pub use train::{Train, Trained, train};

use earmark_inference::{Event, Observer, PipelineError, Skips, reason};
use earmark_runs::roles::{Parts, Roles};

/// Revision of the source that this was built from, where it was known.
pub const REVISION: Option<&str> = option_env!("EARMARK_REVISION");
