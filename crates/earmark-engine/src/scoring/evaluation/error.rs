//! Why an evaluation fails.

use crate::scoring::score_error::ScoreError;
use earmark_core::atomic::WriteError;
use earmark_metrics::MetricsError;

/// Why an evaluation fails.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// The scores of a clip can't be evaluated.
    #[error("{file}: could not be evaluated: {reason}")]
    Clip {
        /// The clip.
        file: String,
        /// Why.
        reason: String,
    },
    /// The clips can't be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The metrics can't be computed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A result can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
