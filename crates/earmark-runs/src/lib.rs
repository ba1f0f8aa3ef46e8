//! Run directories: opened, listed, compared and shown as pages; from a model's name to its file.

pub mod compare;
pub mod experiment_log;
pub mod pages;
pub mod run_dir;
pub mod split_table;
