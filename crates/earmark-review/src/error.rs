//! What can go wrong.

use earmark_core::atomic::WriteError;
use earmark_metrics::MetricsError;
use std::path::PathBuf;

/// Why something can't be reviewed, or a review can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Scores and labels that don't fit together.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The log of decisions can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The log of decisions can't be read, or is damaged.
    #[error("{}: {problem}", path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// The sound of an item can't be read.
    #[error("{file}: {problem}")]
    Sound {
        /// The recording, as the review names it.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A request that does not fit what is reviewed.
    #[error("{0}")]
    Request(String),
}
