//! Run directories: opened, listed, compared and shown as pages; from a model's name to its file.

pub mod common_clips_of_two_runs;
pub mod experiment_log;
pub mod optimism;
mod page_data;
pub mod run_dir;
pub mod split_table;
pub mod teacher_scores;
pub mod used_model;
pub mod warnings;

/// Pages about runs and data sets.
pub mod pages {
    pub use crate::page_data::*;
}
