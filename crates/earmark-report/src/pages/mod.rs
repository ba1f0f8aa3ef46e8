//! Pages: plain data types beside what renders them.

pub mod data;
pub mod data_types;
pub mod run;
pub mod run_types;
pub mod runs;
