//! The experiment log: all runs below a folder, with their state and results.

mod evaluations;
mod find;
mod history;
mod log;
mod metrics;
mod run_entry;
mod run_status;
mod search;
mod small_curve;
mod sort_by;
mod table;
mod training_warnings;

pub use evaluations::{StepEvaluation, evaluation_of_used, result_notes, step_evaluations};
pub use history::{Points, TrainingHistory, highest};
pub use log::{ExperimentLog, ExperimentLogError};
pub use metrics::METRICS;
pub use run_entry::{BestValidation, CrossValidationSummary, EvaluatedSteps, RunEntry};
pub use run_status::{RunState, RunStatus};
pub use search::SearchSummary;
pub use sort_by::{SortBy, UnknownSort};
