//! Checking a data set before hours are spent on it: every file is decoded, and what would spoil a
//! training or make its score untrue is reported.

mod files;
mod hear;
mod labels;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::item::{DataSet, Item, SkipReason};
use crate::scan::{Progress, scan, tally};

/// What counts as odd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckOptions {
    /// A class with fewer training clips than this cannot be in every fold.
    pub folds: usize,
    /// A largest class this many times the smallest is worth a warning.
    pub imbalance: f64,
    /// A recording whose swing (half of highest minus lowest sample) stays below this level is silent,
    /// in decibels below full scale.
    pub silence_dbfs: f64,
    /// Share of samples in runs of three or more at full scale that makes a recording clipped.
    pub clipped_share: f64,
    /// The parts that are judged on; all others are trained on.
    pub judged_parts: Vec<String>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        let judged = ["test", "eval", "valid", "validation", "val"];
        Self {
            folds: 5,
            imbalance: 20.0,
            silence_dbfs: -70.0,
            clipped_share: 0.001,
            judged_parts: judged.map(str::to_owned).to_vec(),
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Training fails or its score is untrue.
    Error,
    /// Worth a look; may be as it should.
    Warning,
}

/// What a finding is about, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Listed, but not there.
    Missing,
    /// Cannot be decoded to its end.
    Unreadable,
    /// The same sound is trained on and judged on.
    Leakage,
    /// One group is trained on and judged on.
    GroupLeakage,
    /// The same sound twice with different labels.
    ConflictingLabels,
    /// The same sound twice.
    Duplicate,
    /// The same file name in several parts.
    SameName,
    /// Decodes, but has no samples.
    Empty,
    /// Nothing can be heard.
    Silent,
    /// Cut off at full scale.
    Clipped,
    /// Another sample rate than most.
    OddRate,
    /// Another number of channels than most.
    OddChannels,
    /// A training clip without labels.
    Unlabelled,
    /// A class without training clips.
    UnusedClass,
    /// A class with fewer training clips than folds.
    SmallClass,
    /// Classes of very different sizes.
    Imbalance,
    /// Cannot be used, as its name is no text.
    FileName,
    /// Lies in the data folder and is not used.
    Skipped,
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The part.
    pub part: String,
    /// Line of the part's table.
    pub line: Option<usize>,
    /// The file.
    pub file: String,
}

/// One thing found, with all the files that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub kind: FindingKind,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Where, sorted.
    pub places: Vec<Place>,
}

/// A class and its clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class.
    pub name: String,
    /// Number of clips by part, every part listed.
    pub by_part: BTreeMap<String, usize>,
    /// Number of clips in the parts that are trained on.
    pub training: usize,
}

/// What a check found. Two checks of the same files give equal reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Number of recordings looked at.
    pub files: usize,
    /// How many decode to their end.
    pub readable: usize,
    /// Length of all readable recordings together, in hours.
    pub hours: f64,
    /// Clips by class, in class-map order.
    pub classes: Vec<ClassCount>,
    /// Largest class by smallest class, over training clips; classes without any do not count. `None`
    /// with fewer than two classes.
    pub imbalance: Option<f64>,
    /// Number of recordings by sample rate in hertz, the most frequent first.
    pub sample_rates_hz: Vec<(u32, usize)>,
    /// Number of recordings by channels, the most frequent first.
    pub channels: Vec<(u16, usize)>,
    /// Everything found, errors first.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Number of findings that are errors.
    pub fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .count()
    }

    /// Number of findings that are warnings.
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }

    /// The report as lines of text for a terminal or a log.
    pub fn to_text(&self) -> String {
        text::render(self)
    }
}

/// Decodes every recording of the set and reports what is wrong or odd.
///
/// Sameness is that of the decoded sound (mono, at its own rate), so that it does not matter whether
/// the second copy is named otherwise, re-tagged, or kept in another lossless format. Copies that
/// were cut, resampled or compressed anew are not found. Clipping is looked for after the down-mix,
/// so that it goes unseen where only one of several channels clips.
///
/// Missing files appear in the report if the set was loaded with
/// [`MissingFiles::Skip`](crate::MissingFiles::Skip). A broken file is a finding, not a failure.
pub fn check(set: &DataSet, options: &CheckOptions, progress: &Progress<'_>) -> CheckReport {
    let heard = scan(&set.items, progress, |item| hear::hear(&item.path));
    let audio: Vec<&hear::Heard> = heard.iter().flatten().collect();
    let classes = labels::count(set, options);
    let mut findings = skipped(set);
    files::findings(set, &heard, options, &mut findings);
    labels::findings(set, &classes, options, &mut findings);
    for finding in &mut findings {
        finding.places.sort();
    }
    findings.sort_by(|a, b| {
        (a.severity, a.kind, &a.places, &a.message).cmp(&(b.severity, b.kind, &b.places, &b.message))
    });
    CheckReport {
        files: set.items.len(),
        readable: audio.len(),
        hours: audio.iter().map(|h| h.seconds).sum::<f64>() / 3600.0,
        imbalance: labels::imbalance(&classes),
        classes,
        sample_rates_hz: tally(audio.iter().map(|h| h.info.sample_rate_hz)),
        channels: tally(audio.iter().map(|h| h.info.channels)),
        findings,
    }
}

/// Files that loading left out.
fn skipped(set: &DataSet) -> Vec<Finding> {
    let of = |fits: &dyn Fn(&SkipReason) -> bool| -> Vec<Place> {
        let place = |s: &crate::Skipped| Place {
            part: String::new(),
            line: if let SkipReason::Missing { line } = s.reason {
                line
            } else {
                None
            },
            file: s.file.clone(),
        };
        set.skipped
            .iter()
            .filter(|s| fits(&s.reason))
            .map(place)
            .collect()
    };
    let mut findings = Vec::new();
    let mut add = |severity, kind, places: Vec<Place>, about: &str, remedy: &str| {
        if !places.is_empty() {
            findings.push(Finding {
                severity,
                kind,
                message: format!("{} {about}", amount(places.len(), "file is", "files are")),
                remedy: remedy.into(),
                places,
            });
        }
    };
    add(
        Severity::Error,
        FindingKind::Missing,
        of(&|r| matches!(r, SkipReason::Missing { .. })),
        "listed in the tables, but not there",
        "put them there or remove their rows",
    );
    add(
        Severity::Warning,
        FindingKind::FileName,
        of(&|r| matches!(r, SkipReason::FileName)),
        "not used: no table can hold a name that is not UTF-8",
        "rename what is shown with a replacement character, folders included",
    );
    add(
        Severity::Warning,
        FindingKind::Skipped,
        of(&|r| matches!(r, SkipReason::NotAudio | SkipReason::NoClassFolder)),
        "not used: no audio, or in no class folder",
        "move recordings into a class folder; other files may stay",
    );
    findings
}

/// "1 file is", "2 files are".
fn amount(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Where an item is.
fn place(item: &Item) -> Place {
    Place {
        part: item.part.clone(),
        line: item.line,
        file: item.file.clone(),
    }
}
