//! Checking a data set before training: every file is decoded, and what would spoil a
//! training run or make its score untrustworthy is reported.

mod classes;
mod clipping_and_amplitude;
mod damage_and_contradictions;
mod duplicates_leaks_and_levels;
mod findings_and_remedies;
mod fingerprint;
mod fixed_table;
mod fixed_table_csv;
mod near_duplicates;
mod odd_names;
mod options;
mod overlapping_cut_outs;
mod repeated_sounds;
mod report_text;
mod run;

pub use findings_and_remedies::{CheckReport, ClassCount, Finding, FindingKind, FindingPlace, Severity};
pub use fixed_table::{FixedTable, TableChange, fixed_table};
pub use options::CheckOptions;
pub use repeated_sounds::{RepeatedSounds, repeated_sounds};
pub use run::check;
