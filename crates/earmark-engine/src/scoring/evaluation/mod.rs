//! Evaluating a run's checkpoints: every one (or every N-th), each once, by any number of evaluators at a time.

mod claim;
mod evaluate;
mod every_nth_checkpoint;
mod result_files;

pub use claim::CheckpointClaim;
pub use evaluate::{Evaluation, EvaluationError, EvaluationJob, SkippedClip, evaluate, evaluate_with};
pub use every_nth_checkpoint::every_nth;
pub use result_files::{ResultNotes, json_path, result_path, scores_path, write_result};
