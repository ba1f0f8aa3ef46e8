//! Models opened and asked: predict, tag, stream, embed, export, bundle.

pub mod bundle;
pub mod data;
pub mod device;
mod embed;
pub mod export;
pub mod live;
mod pipeline;
mod predict;
mod predict_tiles;
pub mod stack;
pub mod summaries;
pub mod tag;

pub use embed::{Embed, embed, mean, rows};
pub use pipeline::{Event, Observer, PipelineError, Skips, reason};
pub use predict::{Predict, Prediction, predict, scorer_of};
pub use predict_tiles::{TilePrediction, TileRow, out_of_fold_tiles, predict_tiles};
pub use stack::inputs_of;
