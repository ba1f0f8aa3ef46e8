//! The run directory, which is complete before the first step.
//!
//! ```text
//! recipe.toml     the recipe, resolved, defaults written out
//! classes.csv     index,name
//! split.csv       part,file,role: training, validation and test clips
//! teacher-scores.csv  the scores that targets are blended with, where there are teachers
//! corrections/    the files of corrections that it began with
//! run.json        command line, version, revision, seed, data, device: see RunInfo
//! log.txt         what happened when
//! metrics.jsonl   a line per step and per validation
//! events.out.*    the same for TensorBoard
//! checkpoints/    step-00000100.safetensors ..., state.safetensors
//! best.safetensors
//! eval/           results of `earmark eval`
//! ```

mod create_and_open;
mod cross_validation;
mod error;
mod find_model;
mod kept_corrections;
mod lock;
mod new_run_folder;
mod planned_steps;
mod run_json;
mod run_log;
mod sealed_json;

pub use create_and_open::{RunDir, is_stack, write_json};
pub use cross_validation::{fold_run, fold_runs, folds_path};
pub use error::RunError;
pub use find_model::{ModelRef, best_step, find_model, find_models};
pub use kept_corrections::{corrections_checksums, keep_corrections, kept_corrections};
pub use lock::RunLock;
pub use new_run_folder::fresh_folder;
pub use planned_steps::planned_steps;
pub use run_json::{DataInfo, RunInfo, TeacherInfo};
pub use run_log::{RunLog, now};
pub(crate) use sealed_json::{parse_at, split_checksum};
pub use sealed_json::{parse_sealed_json, write_sealed_json};
