//! What a check finds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dataset::description::DataDescription;
use crate::dataset::item::{Item, SkipReason, Skipped};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[display(rename_all = "kebab-case")]
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
    /// All recordings are of one class.
    OneClass,
    /// The same sound twice with different labels.
    ConflictingLabels,
    /// The same sound twice.
    Duplicate,
    /// Nearly the same sound: cut, louder, resampled or compressed again.
    NearDuplicate,
    /// A column that looks like groups, and is not named as such.
    LikelyGroups,
    /// The same file name in several subsets.
    SameName,
    /// A part of it is missing or damaged; the rest is used.
    Damaged,
    /// A count or size of the file contradicts its sound, or its channels cancel each other out.
    Contradiction,
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
    /// Has a line break or another control character in its name.
    OddName,
    /// In the data folder but not used.
    Skipped,
}

impl FindingKind {
    fn severity(self) -> Severity {
        match self {
            Self::Missing | Self::Unreadable | Self::Leakage | Self::GroupLeakage | Self::OneClass => {
                Severity::Error
            }
            _ => Severity::Warning,
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Missing => "put them there or remove their rows",
            Self::Unreadable => "repair or replace them, or remove their rows",
            Self::Leakage | Self::Duplicate => {
                "keep one of them; `earmark data check --write FIXED.csv` makes such a table"
            }
            Self::GroupLeakage => {
                "keep a group together: make new folds, or let `earmark data check --write FIXED.csv` move its \
                 recordings"
            }
            Self::OneClass => "add recordings of other classes",
            Self::ConflictingLabels => "listen to it and correct the labels",
            Self::NearDuplicate => {
                "listen to them; `earmark data check --write FIXED.csv` makes a group of them, which no split separates"
            }
            Self::LikelyGroups => {
                "name it with --group-column (or `group-column` in [data]), so that no split separates a group"
            }
            Self::SameName => "rename them if both subsets are to be predicted into one table",
            Self::Damaged => "replace them if you can; --damaged refuse leaves them out",
            Self::Contradiction => {
                "all of their sound is used; listen to them, or write them again with the program that made them"
            }
            Self::Empty => "they train as padding; remove them unless they must be predicted",
            Self::Silent => "listen to them; remove them if nothing is there",
            Self::Clipped => "record or export them at a lower level if you can",
            Self::OddRate => "they are resampled; nothing is left above half the lower rate",
            Self::OddChannels => "they are mixed down to one; check that no channel is out of phase",
            Self::Unlabelled => {
                "trainings leave them out: label them, or, if they have none of the classes, give them one of their \
                 own, such as `background`"
            }
            Self::UnusedClass => "add recordings or take them out of the class map",
            Self::SmallClass => "add recordings or use fewer folds",
            Self::Imbalance => "look at per-class scores; add recordings of the small classes",
            Self::FileName => "rename what is shown with a replacement character, folders included",
            Self::OddName => {
                "rename them, folders included: many programs can't read a table that has such a name in it"
            }
            Self::Skipped => "move recordings into a class folder; other files may stay",
        }
    }
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

impl From<&Item> for FindingPlace {
    fn from(item: &Item) -> Self {
        Self {
            subset: item.subset.clone(),
            line: item.line,
            file: item.file.clone(),
        }
    }
}

/// A file that loading left out.
impl From<&Skipped> for FindingPlace {
    fn from(skipped: &Skipped) -> Self {
        Self {
            subset: String::new(),
            line: match skipped.reason {
                SkipReason::Missing { line } => line,
                _ => None,
            },
            file: skipped.file.clone(),
        }
    }
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
    /// What findings of the same cause have in common; the report shows them together.
    pub cause: String,
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
    /// What the folder is taken for.
    pub data: DataDescription,
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
        let severities = self.findings.iter().map(|finding| finding.severity);
        severities.filter(|&severity| severity == Severity::Error).count()
    }

    /// Number of findings that are warnings.
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }
}

impl Finding {
    /// A finding of this kind, in these places.
    pub(super) fn new(
        kind: FindingKind,
        message: String,
        places: impl IntoIterator<Item: Into<FindingPlace>>,
    ) -> Self {
        Self {
            severity: kind.severity(),
            kind,
            cause: message.clone(),
            message,
            remedy: kind.remedy().to_owned(),
            places: places.into_iter().map(Into::into).collect(),
        }
    }

    /// The same with what it has in common with others.
    pub(super) fn because(mut self, cause: &str) -> Self {
        cause.clone_into(&mut self.cause);
        self
    }

    /// The same with another remedy than that of its kind.
    pub(super) fn with_remedy(mut self, remedy: &str) -> Self {
        remedy.clone_into(&mut self.remedy);
        self
    }

    /// A finding in these places, if there are any; the message says how many.
    pub(super) fn any(
        kind: FindingKind,
        places: impl IntoIterator<Item: Into<FindingPlace>>,
        message: impl Fn(usize) -> String,
    ) -> Option<Self> {
        let mut finding = Self::new(kind, String::new(), places);
        finding.message = message(finding.places.len());
        finding.cause.clone_from(&finding.message);
        (!finding.places.is_empty()).then_some(finding)
    }
}

/// Why a file can't be read, or what is odd about it, without what is its own: its path, the byte where it ends, and
/// what is in parentheses or behind them.
pub(super) fn cause(message: &str, item: &Item) -> String {
    let path = format!("{}: ", item.path.display());
    let cause = message.strip_prefix(&path).unwrap_or(message);
    let cause = cause.split(['(', ';']).next().unwrap_or_default();
    cause.split(|c: char| c.is_ascii_digit()).collect()
}
