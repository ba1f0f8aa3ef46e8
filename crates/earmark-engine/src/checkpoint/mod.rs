//! What a run leaves on disk: checkpoints, model files, the state to resume from, TensorBoard events.

mod config;
mod error;
mod hashed_input;
mod host_tensor;
mod model_file;
mod paths_and_pruning;
mod resume_state;
mod safetensors_file;
pub(crate) mod tensorboard_events;

pub use config::{CheckpointConfig, KeepCheckpoints};
pub use error::ModelFileError;
pub use host_tensor::HostTensor;
pub use model_file::{FORMAT, ModelFile, ModelMeta};
pub use paths_and_pruning::{best_path, folder, list, path, prune, state_path};
pub use resume_state::{BestCheckpoint, ResumeState, TrainingProgress};
pub use safetensors_file::{Tensors, read_foreign_tensors, read_tensors, write_tensors};
pub use tensorboard_events::EventWriter;
