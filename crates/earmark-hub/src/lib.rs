//! Published networks: which there are, how their checkpoints become model files, and where those lie.

mod architecture;
mod catalogue;
pub mod download;
mod efficientat;
mod get;
mod image_body;
mod import;
mod labels;
mod panns;

pub use architecture::Architecture;
pub use catalogue::{Entry, entries, entry, installed, models_folder, nearest};
pub use download::DownloadProgress;
pub use get::{GetError, Installed, by_hand, get};
pub use import::{Import, ImportError, Imported, import};
pub use labels::{audioset, read_labels};
