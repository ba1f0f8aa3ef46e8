//! Data sets of labelled sounds, and batches of training segments made from them.

pub mod augment;
pub mod batches;
pub mod check;
pub mod dataset;
pub mod layout;
mod scan;
pub mod setting;
pub mod split;
pub mod statistics;
pub mod store;
pub mod synth;
mod table;
pub mod tile_subset;

pub use augment::Augment;
pub use batches::{Batch, BatchConfig, BatchMaker, BatchStream, Position};
pub use dataset::{ClassMap, ClassMapError, DataError, DataSet, Item, SkipReason, Skipped};
pub use layout::{DataOptions, LayoutKind, MissingFiles, load};
pub use scan::OnProgress;
pub use split::{FoldTable, FoldTableError, Splitter, Stratify};
pub use store::{CacheConfig, FeatureStore, ItemError, Prepared};
pub use tile_subset::TileSubset;
