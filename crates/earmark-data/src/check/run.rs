//! Runs all checks over a data set.

use earmark_core::human::human_amount;

use super::clipping_and_amplitude::{Measured, measure};
use super::findings_and_remedies::{CheckReport, Finding, FindingKind, FindingPlace, Severity};
use super::options::CheckOptions;
use super::{classes, duplicates_leaks_and_levels};
use crate::dataset::data_set::DataSet;
use crate::dataset::item::SkipReason;
use crate::scan::{OnProgress, scan, tally};

/// Decodes every recording of the set and reports what is wrong or odd.
///
/// Recordings are compared by their decoded sound (mono, at its own rate), so it does not matter whether
/// the second copy is renamed, re-tagged, or kept in another lossless format. Copies that were cut, resampled,
/// compressed again or changed in level are found by fingerprints, if they are longer than a second. Clipping is looked
/// for after the down-mix, so it goes unnoticed where only one of several channels clips.
///
/// Missing files appear in the report if the set was loaded with
/// [`MissingFiles::Skip`](crate::MissingFiles::Skip). A broken file is a finding, not a failure.
pub fn check(set: &DataSet, options: &CheckOptions, progress: &OnProgress<'_>) -> CheckReport {
    // Sounds are compared by recording, and classes counted by what is trained on.
    let recordings = set.recordings();
    let measured = scan(&recordings.items, progress, measure);
    let audio: Vec<&Measured> = measured.iter().flatten().collect();
    let counts = classes::count(set, options);
    let mut findings = skipped(set);
    findings.extend(duplicates_leaks_and_levels::findings(
        &recordings,
        &measured,
        options,
    ));
    findings.extend(classes::findings(set, &counts, options));
    findings.iter_mut().for_each(|finding| finding.places.sort());
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    CheckReport {
        data: set.description(),
        files: recordings.items.len(),
        readable: audio.len(),
        hours: audio.iter().map(|m| m.seconds).sum::<f64>() / 3600.0,
        imbalance: classes::imbalance(&counts),
        classes: counts,
        sample_rates_hz: tally(audio.iter().map(|m| m.info.sample_rate_hz)),
        channels: tally(audio.iter().map(|m| m.info.channels)),
        findings,
    }
}

/// The order of the report: what has one cause is together.
fn order(finding: &Finding) -> (Severity, FindingKind, &str, &[FindingPlace], &str) {
    let (cause, message) = (&finding.cause, &finding.message);
    (finding.severity, finding.kind, cause, &finding.places, message)
}

/// Files that loading left out.
fn skipped(set: &DataSet) -> Vec<Finding> {
    let kind_of = |reason: &SkipReason| match reason {
        SkipReason::Missing { .. } => FindingKind::Missing,
        SkipReason::FileName => FindingKind::FileName,
        SkipReason::DanglingLink
        | SkipReason::NotRegular
        | SkipReason::Inaccessible
        | SkipReason::Unlisted => FindingKind::Unreadable,
        SkipReason::NotAudio
        | SkipReason::NoClassFolder
        | SkipReason::OtherFolder
        | SkipReason::SecondName => FindingKind::Skipped,
    };
    let find = |kind| {
        let about = match kind {
            FindingKind::Missing => "listed in the tables but missing",
            FindingKind::Unreadable => {
                "not used: a link that leads nowhere, not a regular file, or a folder that can't be listed"
            }
            FindingKind::FileName => "not used: a name that is not UTF-8 cannot be in a table",
            _ => {
                "not used: not audio, a link to a recording that is there already, or not in a folder of a class, \
                 subset or fold"
            }
        };
        let files = set.skipped.iter();
        let files = files.filter(|skipped| kind_of(&skipped.reason) == kind);
        let amount = |n| human_amount(n, "file is", "files are");
        Finding::any(kind, files, |n| format!("{} {about}", amount(n)))
    };
    let kinds = [
        FindingKind::Missing,
        FindingKind::Unreadable,
        FindingKind::FileName,
        FindingKind::Skipped,
    ];
    kinds.into_iter().filter_map(find).collect()
}
