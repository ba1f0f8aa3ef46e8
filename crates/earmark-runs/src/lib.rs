//! Run directories: opened, listed, compared and shown as pages; from a model's name to its file.

pub mod compare;
pub mod experiment_log;
mod page_data;
pub mod run_dir;
pub mod split_table;

/// Pages about runs and data sets.
pub mod pages {
    pub use crate::page_data::*;
}
