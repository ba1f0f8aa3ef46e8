//! Pages: plain data types next to what renders them.

pub mod activity_page;
pub mod data_page;
pub mod data_types;
pub(crate) mod frame;
pub mod notes;
mod run_clips;
mod run_confusions;
mod run_curves;
mod run_folds;
pub mod run_page;
mod run_scores;
pub mod run_types;
mod run_ways;
pub mod runs_page;
mod table;
