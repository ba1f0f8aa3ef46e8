//! What a run leaves on disk: checkpoints, model files, the state to resume from, TensorBoard events.

mod config;
mod error;
pub(crate) mod event_file;
mod model_file;
mod paths_and_pruning;
mod resume_state;
mod tensor_file;

pub use config::{CheckpointConfig, KeepCheckpoints};
pub use error::ModelFileError;
pub use event_file::EventWriter;
pub use model_file::{FORMAT, ModelFile, ModelMeta};
pub use paths_and_pruning::{best_path, folder, list, path, prune, state_path};
pub use resume_state::{BestCheckpoint, ResumeState, TrainingProgress};
pub use tensor_file::{HostTensor, Tensors, read_foreign_tensors, read_tensors, write_tensors};
