//! What every earmark crate needs and none should write twice. Imports no other earmark crate.
//!
//! | module | for |
//! |---|---|
//! | [`config`] | settings that can't work: [`ConfigError`], [`Check`], [`Within`] |
//! | [`atomic`] | files that are old or new, never half; crash points for tests |
//! | [`checksum`] | checksums inside files, that notice a flipped bit |
//! | [`disk_space`] | whether a disk has room for what is to be written |
//! | [`random`] | random streams that follow from a seed and a purpose |
//! | [`threads`] | a pool of worker threads |
//! | [`json_lines`] | logs with one JSON value per line |
//! | [`human`] | sizes, durations and rates for people |
//! | [`text`] | shell quoting, text that is safe to show, "did you mean" |
//! | [`csv_table`] | the one reader of CSV tables |
//! | [`labels`] | the one rule for the labels of a cell |
//! | [`event_tables`] | files of events: what they are named after, label tracks, AOEF |
//! | [`rows`] | means over the rows of a table |
//! | [`parquet`] | flat tables as Apache Parquet, written and read |
//! | [`protobuf`] | writing Protocol Buffers |
//! | [`remote`] | files at addresses such as `s3://bucket/key` |
//! | [`slowest_rate`] | how slow a server may be |
//! | [`caught_panics`] | one input's panic as its error |

pub mod atomic;
pub mod caught_panics;
pub mod checksum;
mod crash_points;
pub mod csv_table;
mod data_workers;
pub mod disk_space;
pub mod event_tables;
mod file_sets;
mod folders;
pub mod human;
pub mod json_lines;
pub mod labels;
mod leftovers;
pub mod parquet;
mod pending_renames;
mod process_marks;
pub mod protobuf;
pub mod random;
pub mod remote;
pub mod rows;
mod setting_errors;
pub mod slowest_rate;
pub mod text;

pub use setting_errors::{Check, ConfigError, Within};

/// Settings that can't work.
pub mod config {
    pub use crate::setting_errors::{Check, ConfigError, Within};
}

/// Threads that prepare data.
pub mod threads {
    pub use crate::data_workers::Workers;
}

/// Version of the program and of all its crates.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
