//! The published networks that can be imported: a file each with names, sizes and front end, and the list of them.

mod argus_2019;
mod efficientat;
pub(super) mod image_backbone;
mod layer_names;
mod panns;
mod published_architecture;

pub use efficientat::EfficientAtVariant;
pub use published_architecture::PublishedArchitecture;
