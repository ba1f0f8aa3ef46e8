//! The commands that evaluate.

pub mod calibrate;
pub mod eval;
pub mod report;
pub mod runs;
mod runs_compare;
pub mod score;
