//! Why clips can't be scored.

use earmark_features::FeatureError;

/// Why clips can't be scored at all. What is wrong with a single file is the caller's own error instead.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// A clip without a single segment has no mean of scores.
    #[error("clip {clip} of the list has no segments; leave it out")]
    NoSegment {
        /// Its index.
        clip: usize,
    },
    /// Features of another front end than the scorer's.
    #[error(
        "clip {clip} of the list can't be cut into segments: {cause}; its features are those of another front end"
    )]
    Features {
        /// Its index.
        clip: usize,
        /// What does not fit.
        cause: FeatureError,
    },
}
