//! Published networks: which there are, how their checkpoints become model files, and where those lie.

mod architecture;
mod efficientat;
mod import;
mod labels;

pub use architecture::Architecture;
pub use import::{Import, ImportError, Imported, import};
pub use labels::{audioset, read_labels};
