//! Evaluating a run's checkpoints: every one (or every N-th), each once, by any number of evaluators at a time.

mod checked_results;
mod claim;
mod evaluate;
mod every_nth_checkpoint;
mod result_files;

pub use checked_results::{
    clips_key, clips_path, evaluated_steps, read_clips, read_result, read_scores, result_damage,
    was_evaluated_on,
};
pub use claim::CheckpointClaim;
pub use evaluate::{Evaluation, EvaluationError, EvaluationJob, SkippedClip, evaluate, evaluate_with};
pub use every_nth_checkpoint::every_nth;
pub use result_files::{ResultNotes, json_path, result_path, scores_path, write_result};
