//! A labelled recording, a set of them, and its classes.

pub mod class_changes;
pub mod class_map;
pub mod corrections;
pub mod data_set;
pub mod description;
pub mod error;
pub mod item;
pub mod recipe_corrections;
pub mod table_columns;
pub(crate) mod test_subset;

pub use class_changes::ClassChanges;
pub use class_map::{ClassMap, ClassMapError};
pub use corrections::{Corrected, Corrections, CorrectionsFile};
pub use data_set::DataSet;
pub use description::DataDescription;
pub use error::DataError;
pub use item::{Item, SkipReason, Skipped};
pub use recipe_corrections::RecipeCorrections;
pub use table_columns::TableColumns;
pub use test_subset::is_test_subset;
