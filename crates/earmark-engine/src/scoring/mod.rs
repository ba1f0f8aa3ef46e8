//! From clips to scores, and from scores to results.

pub mod evaluation;
pub(crate) mod random_crops;
mod row_scorer;
mod score_clips;
mod score_error;
pub(crate) mod scorer;
mod segment_passes;
mod segment_queue;
mod segment_scores;
mod whole_clips;

pub use random_crops::{CropMean, RandomCrops};
pub use row_scorer::RowScorer;
pub use score_clips::ScoreJob;
pub use score_error::ScoreError;
pub use scorer::{Scorer, ScorerOutput, SegmentBatch};
pub use segment_passes::SegmentPasses;
pub use segment_scores::SegmentScores;
