//! Tables of scores and labels, read from CSV, and their alignment by file name.

mod aligned;
mod names;
mod read_clip_csv;
mod scores;
mod submission;
mod truth;

pub(crate) use aligned::refuse_unscored;
pub use aligned::{Aligned, UnknownLabels};
pub(crate) use names::{index_by_name, lacking, missing};
pub use scores::ScoreTable;
pub use submission::{PredictionTable, Submission};
pub use truth::TruthTable;
