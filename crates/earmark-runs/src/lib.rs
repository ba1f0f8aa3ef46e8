//! Run directories: what they hold, compared and shown; from a name to a model.

pub mod compare;
pub mod journal;
pub mod pages;
pub mod roles;
pub mod run_dir;
