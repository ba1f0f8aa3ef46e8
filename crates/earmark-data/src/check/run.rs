//! Runs all checks over a data set.

use super::measure::{Measured, measure};
use super::options::CheckOptions;
use super::report::{CheckReport, Finding, FindingKind, FindingPlace, Severity};
use super::report_text::amount;
use super::{classes, recordings};
use crate::dataset::data_set::DataSet;
use crate::dataset::item::SkipReason;
use crate::scan::{OnProgress, scan, tally};

/// Decodes every recording of the set and reports what is wrong or odd.
///
/// Recordings are compared by their decoded sound (mono, at its own rate), so it does not matter whether
/// the second copy is renamed, re-tagged, or kept in another lossless format. Copies that
/// were cut, resampled or compressed again are not found. Clipping is looked for after the down-mix,
/// so it goes unnoticed where only one of several channels clips.
///
/// Missing files appear in the report if the set was loaded with
/// [`MissingFiles::Skip`](crate::MissingFiles::Skip). A broken file is a finding, not a failure.
pub fn check(set: &DataSet, options: &CheckOptions, progress: &OnProgress<'_>) -> CheckReport {
    let measured = scan(&set.items, progress, |item| measure(&item.path));
    let audio: Vec<&Measured> = measured.iter().flatten().collect();
    let counts = classes::count(set, options);
    let mut findings = skipped(set);
    findings.extend(recordings::findings(set, &measured, options));
    findings.extend(classes::findings(set, &counts, options));
    for finding in &mut findings {
        finding.places.sort();
    }
    findings.sort_by(|a, b| {
        (a.severity, a.kind, &a.places, &a.message).cmp(&(b.severity, b.kind, &b.places, &b.message))
    });
    CheckReport {
        files: set.items.len(),
        readable: audio.len(),
        hours: audio.iter().map(|m| m.seconds).sum::<f64>() / 3600.0,
        imbalance: classes::imbalance(&counts),
        classes: counts,
        sample_rates_hz: tally(audio.iter().map(|m| m.info.sample_rate_hz)),
        channels: tally(audio.iter().map(|m| m.info.channels)),
        findings,
    }
}

/// Files that loading left out.
fn skipped(set: &DataSet) -> Vec<Finding> {
    let find = |severity, kind, about: &str, remedy: &str| {
        let is_kind = |reason: &SkipReason| match reason {
            SkipReason::Missing { .. } => kind == FindingKind::Missing,
            SkipReason::FileName => kind == FindingKind::FileName,
            SkipReason::NotAudio | SkipReason::NoClassFolder => kind == FindingKind::Skipped,
        };
        let files = set.skipped.iter().filter(|s| is_kind(&s.reason));
        let places: Vec<FindingPlace> = files
            .map(|s| FindingPlace {
                subset: String::new(),
                line: match s.reason {
                    SkipReason::Missing { line } => line,
                    _ => None,
                },
                file: s.file.clone(),
            })
            .collect();
        (!places.is_empty()).then(|| Finding {
            severity,
            kind,
            message: format!("{} {about}", amount(places.len(), "file is", "files are")),
            remedy: remedy.to_owned(),
            places,
        })
    };
    let missing = find(
        Severity::Error,
        FindingKind::Missing,
        "listed in the tables but missing",
        "put them there or remove their rows",
    );
    let unnameable = find(
        Severity::Warning,
        FindingKind::FileName,
        "not used: a name that is not UTF-8 cannot be in a table",
        "rename what is shown with a replacement character, folders included",
    );
    let unused = find(
        Severity::Warning,
        FindingKind::Skipped,
        "not used: not audio, or not in a class folder",
        "move recordings into a class folder; other files may stay",
    );
    [missing, unnameable, unused].into_iter().flatten().collect()
}
