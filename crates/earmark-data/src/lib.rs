//! Tables of labelled sounds to training examples.

pub mod atomic;
pub mod json_lines;
pub mod rng;
pub mod class_map;
pub mod folds;
pub mod item;
pub mod labels;
pub mod layout;

pub use class_map::{ClassMap, ClassMapError};
pub use folds::{FoldTable, FoldTableError, Split, SplitKind, Stratify};
pub use item::{DataSet, Item, Skipped};
pub use layout::{DataError, DataOptions, LayoutKind, MissingFiles, load};
