//! Opened models and what they are used for: predict, tag, stream, embed, export, bundle.

pub mod bundle;
pub mod data;
pub mod device;
mod embed;
mod error;
pub mod export;
pub mod handcrafted;
pub mod model;
mod predict;
mod progress;
mod segment_rows;
pub mod stream;
pub mod tag;

pub use device::Device;
pub use embed::{EmbedJob, embed};
pub use error::{PipelineError, Skips, reason};
pub use model::Model;
pub use predict::{
    PredictJob, Prediction, SegmentPrediction, SegmentRow, out_of_fold_segments, predict, predict_segments,
};
pub use progress::{Event, Observer};
pub use segment_rows::{SegmentRowsJob, segment_rows};
