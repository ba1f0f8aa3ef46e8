//! Tables of labelled sounds to training examples.

pub mod augment;
pub mod batches;
pub mod check;
pub mod class_map;
pub mod folds;
pub mod item;
pub mod labels;
pub mod layout;
mod scan;
pub mod setting;
pub mod stats;
pub mod store;
pub mod synth;
pub mod tile_subset;

pub use augment::Augment;
pub use batches::{Batch, BatchConfig, BatchMaker, BatchStream, Position};
pub use class_map::{ClassMap, ClassMapError};
pub use folds::{FoldTable, FoldTableError, Split, SplitKind, Stratify};
pub use item::{DataSet, Item, SkipReason, Skipped};
pub use layout::{DataError, DataOptions, LayoutKind, MissingFiles, load};
pub use scan::Progress;
pub use store::{CacheConfig, FeatureStore, ItemError, Prepared};
pub use tile_subset::TileSubset;
