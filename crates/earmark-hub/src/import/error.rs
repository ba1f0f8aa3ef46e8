//! Why a checkpoint can't be imported.

use earmark_core::ConfigError;
use earmark_engine::ModelFileError;
use earmark_recipe::RecipeError;
use earmark_torch::TorchError;
use std::path::PathBuf;

/// Why a checkpoint can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no network of that name.
    #[error("--as {name}: no such network{near}; known are {known}")]
    Unknown {
        /// The requested name.
        name: String,
        /// `, did you mean X?` or nothing.
        near: String,
        /// The names that there are.
        known: &'static str,
    },
    /// The tensors don't fit the network.
    #[error("{path}: does not fit {architecture}: {differences}{remedy}")]
    Fit {
        /// The checkpoint.
        path: PathBuf,
        /// The network.
        architecture: String,
        /// The first few differences.
        differences: String,
        /// What to do about it, as a clause.
        remedy: String,
    },
    /// The class names don't fit the network.
    #[error("--labels {path}: {reason}")]
    Labels {
        /// The table.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The network has no class names: its number of classes is not that of the set that it was trained on.
    #[error(
        "{path}: scores {classes} classes, and {set} has {known}; name them with --labels TABLE.csv (index,name lines)"
    )]
    Unnamed {
        /// The checkpoint.
        path: PathBuf,
        /// Its number of classes.
        classes: usize,
        /// The set.
        set: &'static str,
        /// The set's number of classes.
        known: usize,
    },
    /// An HDF5 file, Keras's own format.
    #[error(
        "{path}: is an HDF5 file; write its tensors to a safetensors file first, as `recipes/mobilenetv2-pca-2018` \
         shows"
    )]
    Hdf5 {
        /// The file.
        path: PathBuf,
    },
    /// The checkpoint can't be read.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// The network's recipe can't be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// Its front end or its network can't be built.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model file can't be written.
    #[error(transparent)]
    Model(#[from] ModelFileError),
}
