//! Published models: the catalogue, their downloads, and how their checkpoints become model files.

mod catalogue;
pub mod download;
mod import;
mod install;
mod install_by_hand;

pub use catalogue::{
    PublishedModel, audioset, installed_model, models_folder, nearest_published, published_model,
    published_models, read_labels,
};
pub use download::DownloadProgress;
pub use import::{EfficientAtVariant, Import, ImportError, Imported, PublishedArchitecture, import};
pub use install::{InstallError, InstalledModel, install};
