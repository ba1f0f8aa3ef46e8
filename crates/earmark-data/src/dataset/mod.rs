//! A labelled recording, a set of them, and its classes.

pub mod class_map;
pub mod corrections;
pub mod data_set;
pub mod error;
pub mod item;

pub use class_map::{ClassMap, ClassMapError};
pub use corrections::{Corrected, Corrections};
pub use data_set::DataSet;
pub use error::DataError;
pub use item::{Item, SkipReason, Skipped};
