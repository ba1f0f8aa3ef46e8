//! What a run leaves on disk: checkpoints, model files, the state to resume from, TensorBoard events.

pub(crate) mod event_file;
pub(crate) mod model_file;
pub(crate) mod resume_state;

pub use resume_state::*;
