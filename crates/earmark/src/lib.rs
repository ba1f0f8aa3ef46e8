//! Train, judge and run audio taggers: the library behind the `earmark` command.
//!
//! A [`recipe::Recipe`] says everything about a system; [`pipeline`] takes it the whole way: [`pipeline::train`] from a data folder
//! to a run directory, [`pipeline::evaluate`] over its checkpoints, [`pipeline::predict`] to scores.

pub mod average;
pub mod bench;
pub mod bundle;
pub mod compare;
pub mod device;
pub mod embeddings;
pub mod export;
pub mod journal;
pub mod library;
pub mod live;
pub mod pages;
pub mod pipeline;
pub mod published;
pub mod recipe;
pub mod review;
pub mod run_dir;
pub mod summaries;
pub mod tag;
pub mod tune;

pub use earmark_audio as audio;
pub use earmark_data as data;
pub use earmark_engine as engine;
pub use earmark_features as features;
pub use earmark_metrics as metrics;
pub use earmark_models as models;
pub use earmark_onnx as onnx;
pub use earmark_report as report;

pub use recipe::Recipe;

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Revision of the source this was built from, where it was known.
pub const REVISION: Option<&str> = option_env!("EARMARK_REVISION");
