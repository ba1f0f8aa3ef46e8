//! Scaler and PCA: fitted on training data, then applied to all clips.
//!
//! Both are fitted in double precision on rows of equal length (one row per clip), applied in single precision, and
//! stored in a model file as named tensors: [`Scaler::tensors`], [`Pca::tensors`].

mod eigen;
mod pca;
mod rows;
mod standard;
mod tensors;

pub use pca::Pca;
pub use rows::ScalerError;
pub use standard::Scaler;
pub use tensors::NamedTensor;
