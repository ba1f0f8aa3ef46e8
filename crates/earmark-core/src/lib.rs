//! What every earmark crate needs and none should write twice. Imports no other earmark crate.
//!
//! | module | for |
//! |---|---|
//! | [`config`] | settings that can't work: [`ConfigError`], [`Check`], [`Within`] |
//! | [`atomic`] | files that are old or new, never half; crash points for tests |
//! | [`random`] | random streams that follow from a seed and a purpose |
//! | [`threads`] | a pool of worker threads |
//! | [`json_lines`] | logs with one JSON value per line |
//! | [`human`] | sizes, durations and rates for people |
//! | [`text`] | shell quoting, "did you mean" |
//! | [`rows`] | means over the rows of a table |
//! | [`protobuf`] | writing Protocol Buffers |

pub mod atomic;
pub mod config;
mod crash_points;
pub mod human;
pub mod json_lines;
pub mod protobuf;
pub mod random;
pub mod rows;
pub mod text;
pub mod threads;

pub use config::{Check, ConfigError, Within};

/// Version of the program and of all its crates.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
