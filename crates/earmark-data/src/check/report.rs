//! What a check finds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dataset::item::Item;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Training fails, or its score cannot be trusted.
    Error,
    /// Worth a look; may be intended.
    Warning,
}

/// Kinds of findings, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Listed but missing.
    Missing,
    /// Cannot be decoded to its end.
    Unreadable,
    /// The same sound is used for training and evaluation.
    Leakage,
    /// One group is used for training and evaluation.
    GroupLeakage,
    /// The same sound twice with different labels.
    ConflictingLabels,
    /// The same sound twice.
    Duplicate,
    /// The same file name in several subsets.
    SameName,
    /// Decodes but has no samples.
    Empty,
    /// Silent throughout.
    Silent,
    /// Clipped at full scale.
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
    /// Cannot be used, as its name is not UTF-8.
    FileName,
    /// In the data folder but not used.
    Skipped,
}

/// A file that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FindingPlace {
    /// The subset.
    #[serde(rename = "part")]
    pub subset: String,
    /// Line of the subset's table.
    pub line: Option<usize>,
    /// The file.
    pub file: String,
}

/// One problem, with all the files that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of problem it is.
    pub kind: FindingKind,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Where, sorted.
    pub places: Vec<FindingPlace>,
}

/// A class and its number of clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class.
    pub name: String,
    /// Number of clips by subset, every subset listed.
    #[serde(rename = "by_part")]
    pub by_subset: BTreeMap<String, usize>,
    /// Number of clips in the training subsets.
    pub training: usize,
}

/// What a check found. Two checks of the same files give equal reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Number of recordings checked.
    pub files: usize,
    /// How many decode to their end.
    pub readable: usize,
    /// Total length of all readable recordings, in hours.
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
    /// All findings, errors first.
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
}

impl Finding {
    /// A finding whose places are items.
    pub(super) fn new<'a>(
        severity: Severity,
        kind: FindingKind,
        message: String,
        remedy: &str,
        items: impl IntoIterator<Item = &'a Item>,
    ) -> Self {
        let place = |item: &Item| FindingPlace {
            subset: item.subset.clone(),
            line: item.line,
            file: item.file.clone(),
        };
        Self {
            severity,
            kind,
            message,
            remedy: remedy.to_owned(),
            places: items.into_iter().map(place).collect(),
        }
    }
}
