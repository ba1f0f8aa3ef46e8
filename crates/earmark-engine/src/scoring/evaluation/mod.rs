//! Evaluating a run's checkpoints: every one (or every N-th), each once, by any number of evaluators at a time.

mod claim;
mod evaluate;
mod files;

pub use claim::CheckpointClaim;
pub use evaluate::{Evaluation, EvaluationError, EvaluationJob, SkippedClip, evaluate};
pub use files::{every_nth, json_path, result_path, scores_path, write_result};
