//! From clips to scores, and from scores to results.

pub mod evaluation;
mod pending;
pub(crate) mod random_crops;
mod row_scorer;
mod score;
mod score_error;
pub(crate) mod scorer;
mod segment_scores;

pub use random_crops::{CropMean, RandomCrops};
pub use row_scorer::RowScorer;
pub use score::ScoreJob;
pub use score_error::ScoreError;
pub use scorer::{Scorer, ScorerOutput, SegmentBatch};
pub use segment_scores::SegmentScores;
