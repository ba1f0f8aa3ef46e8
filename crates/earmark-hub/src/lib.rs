//! Published models: the catalogue, their downloads, and how their checkpoints become model files. Published data sets:
//! their archives, downloaded and unpacked.

mod catalogue;
mod data_sets;
pub mod download;
mod import;
mod install;
mod install_by_hand;
mod install_error;
mod recorded_checksum;

pub use catalogue::{
    HandDownload, PublishedModel, audioset, hand_downloads, installed_model, models_folder,
    nearest_published, published_model, published_models, read_labels,
};
pub use data_sets::{
    ArchiveError, ArchiveOrigin, DataOrigin, DataProgress, GetData, GetDataError, PublishedData, Unpacked,
    published_data, unpack_archive,
};
pub use download::DownloadProgress;
pub use import::{EfficientAtVariant, Import, ImportError, Imported, PublishedArchitecture, import};
pub use install::{InstalledModel, install};
pub use install_error::InstallError;
