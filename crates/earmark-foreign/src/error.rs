//! Why a graph can't be imported.

use earmark_core::ConfigError;
use earmark_engine::ModelFileError;
use earmark_features::FeatureError;
use earmark_recipe::RecipeError;
use std::path::PathBuf;

/// Why a graph can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum GraphImportError {
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}; check the path")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The graph is not one of a network of sound, or can't be computed.
    #[error("{path}: {reason}")]
    Graph {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A setting does not fit the graph.
    #[error("{0}")]
    Setting(String),
    /// The front end can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The recipe of the model file can't be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The front end can't compute the sounds that the graph is tried with.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// The model file can't be written.
    #[error(transparent)]
    Model(#[from] ModelFileError),
}
