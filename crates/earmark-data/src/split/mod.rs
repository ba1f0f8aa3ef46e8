//! Splitting a set into folds, or into a training and a held-out subset; and tables of folds.
//!
//! Every method works on the same two ideas: `shares` (which fraction of the set each piece is to
//! get) and *units* (what stays together: one recording, or one group of them). A hold-out split is
//! two pieces of unequal share.

mod fold_check;
pub mod fold_table;
mod iterative_stratification;
mod kept_together;
pub mod splitter;
mod stratified_by_class;
mod whole_groups;

pub use fold_check::{fold_warnings, is_fold_warning};
pub use fold_table::{FoldTable, FoldTableError};
pub use splitter::{FoldError, Splitter, Stratify};
