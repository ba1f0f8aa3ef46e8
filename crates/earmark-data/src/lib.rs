//! Data sets of labelled sounds, and batches of training segments made from them.

pub mod augment;
pub mod batches;
pub mod check;
mod damaged_recordings;
pub mod dataset;
pub mod feature_store;
pub mod layout;
mod read_recordings;
mod read_spans;
mod scan;
pub mod segment_subset;
mod settings;
pub mod split;
pub mod statistics;
pub mod synth;
mod table;
mod wording;

pub use augment::Augment;
pub use batches::{Batch, BatchConfig, BatchMaker, BatchPosition, BatchStream};
pub use damaged_recordings::{ClipDamage, ClipRemarks, is_about_one_file};
pub use dataset::{
    ClassChanges, ClassMap, ClassMapError, DataDescription, DataError, DataSet, Item, SkipReason, Skipped,
    TableColumns, is_test_subset,
};
pub use feature_store::{CacheConfig, FeatureStore, ItemError, Prepared};
pub use layout::{DamagedFiles, DataOptions, LayoutKind, MissingFiles, ReadAs, load};
pub use read_recordings::{ReadItem, read_item};
pub use scan::OnProgress;
pub use segment_subset::SegmentSubset;
pub use split::{FoldTable, FoldTableError, Splitter, Stratify};
