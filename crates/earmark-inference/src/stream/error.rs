//! Why a stream can't be tagged.

use crate::PipelineError;
use earmark_audio::AudioError;

/// Why a stream can't be tagged.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "most variants are another crate's error, unchanged")]
pub enum StreamError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The source failed, or gives samples that are not audio.
    #[error("{place}: {problem}")]
    Source {
        /// The source.
        place: String,
        /// What is wrong and what to do about it.
        problem: String,
    },
    /// A setting that can't work.
    #[error("{0}")]
    Request(String),
}
