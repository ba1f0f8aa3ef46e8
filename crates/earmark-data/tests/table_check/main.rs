//! What the check finds, and that it finds nothing in good data.

#[path = "../table_support/mod.rs"]
mod table_support;

mod findings;
mod fixes;
mod repeats;
mod report_text;

use earmark_data::check::{CheckOptions, CheckReport, FindingKind, Severity, check};
use earmark_data::{DataOptions, MissingFiles};
use table_support::Tree;

/// Loads a tree, missing files skipped, and checks it for two folds.
fn run(tree: &Tree) -> CheckReport {
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    check(
        &set,
        &CheckOptions {
            folds: 2,
            ..CheckOptions::default()
        },
        &|_, _| (),
    )
}

/// `(severity, kind, files)` of each finding.
fn summary(report: &CheckReport) -> Vec<(Severity, FindingKind, Vec<&str>)> {
    report
        .findings
        .iter()
        .map(|f| {
            (
                f.severity,
                f.kind,
                f.places.iter().map(|p| p.file.as_str()).collect(),
            )
        })
        .collect()
}
