//! Checking a data set before training: every file is decoded, and what would spoil a
//! training run or make its score untrustworthy is reported.

mod classes;
mod measure;
mod options;
mod recordings;
mod report;
mod report_text;
mod run;

pub use options::CheckOptions;
pub use report::{CheckReport, ClassCount, Finding, FindingKind, FindingPlace, Severity};
pub use run::check;
