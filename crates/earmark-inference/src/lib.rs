//! Models opened and asked: predict, tag, stream, embed, export, bundle.

pub mod bundle;
pub mod data;
pub mod device;
mod embed;
pub mod export;
pub mod live;
pub mod model;
mod pipeline;
mod predict;
mod predict_tiles;
pub mod summaries;
pub mod tag;

pub use device::Device;
pub use embed::{Embed, embed, mean_of, rows};
pub use model::Model;
pub use pipeline::{Event, Observer, PipelineError, Skips, reason};
pub use predict::{Predict, Prediction, predict};
pub use predict_tiles::{TilePrediction, TileRow, out_of_fold_tiles, predict_tiles};
