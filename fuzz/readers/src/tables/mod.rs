//! Tables: class maps, folds, data folders, scores and truth.

mod class_map;
mod events;
mod fold_table;
mod layouts;
mod scores;

pub use class_map::class_map;
pub use events::events;
pub use fold_table::fold_table;
pub use layouts::layouts;
pub use scores::scores;

/// Whether a table of these names is read again as it was written. A name of several lines may look like rows of the
/// other separator that it was read with, and is then refused.
fn are_single_lines<'a>(names: impl IntoIterator<Item = &'a String>) -> bool {
    names.into_iter().all(|name| !name.contains('\n'))
}
