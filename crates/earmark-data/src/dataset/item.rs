//! One recording or window of one, and a file that is left out with its reason.

use std::path::PathBuf;

use earmark_audio::{Damaged, Span};
use serde::Serialize;

/// One recording of a data set, or a window of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The name in the table (for a folder of classes: the path below the root, with `/`).
    /// It identifies the recording in every output. A window has its start behind that: `rec.wav from 3.00 s`.
    pub file: String,
    /// Where the audio file is.
    pub path: PathBuf,
    /// The window of the recording; `None` for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Indices into the class map, ascending, without repetition; empty when nothing is known, or for background.
    pub labels: Vec<usize>,
    /// Whether it is known to have none of the classes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_background: bool,
    /// The subset it belongs to: `curated`, `noisy`, `train`, `test`, ...
    #[serde(rename = "part")]
    pub subset: String,
    /// The fold that the data set assigns, where it assigns one.
    pub fold: Option<u32>,
    /// What was recorded together (the same source recording, speaker, site): never split between
    /// training and evaluation.
    pub group: Option<String>,
    /// Whether a human verified the label, where the data set says so.
    pub verified: Option<bool>,
    /// Line of the table, counted from 1; `None` when there is no table.
    pub line: Option<usize>,
    /// Whether it is used where a part of it is missing or damaged. Not what the data says, but how it is read.
    #[serde(skip)]
    pub damaged: Damaged,
}

impl Item {
    /// 1.0 at the item's classes, 0.0 elsewhere: `[n_classes]`. Labels past the end (of another
    /// class map) are left out; map the set with [`DataSet::map_to`](super::DataSet::map_to) first.
    pub fn multi_hot(&self, n_classes: usize) -> Vec<f32> {
        let mut target = vec![0.0; n_classes];
        for &label in self.labels.iter().filter(|&&l| l < n_classes) {
            target[label] = 1.0;
        }
        target
    }

    /// Whether its classes are known: some, or none of all.
    pub fn is_labelled(&self) -> bool {
        self.is_background || !self.labels.is_empty()
    }

    /// The name of the recording, which all windows of it share.
    pub fn recording(&self) -> &str {
        match (self.span, self.file.rsplit_once(BEFORE_START)) {
            (Some(_), Some((recording, _))) => recording,
            _ => &self.file,
        }
    }

    /// This window of the recording.
    #[must_use]
    pub(crate) fn window(&self, span: Span) -> Self {
        let (file, us) = (&self.file, span.start_us);
        let decimals = match us {
            us if us.is_multiple_of(10_000) => 2,
            us if us.is_multiple_of(1000) => 3,
            _ => 6,
        };
        Self {
            file: format!("{file}{BEFORE_START}{:.decimals$} s", span.start_seconds()),
            span: Some(span),
            ..self.clone()
        }
    }
}

/// What is between the name of a recording and the start of a window.
const BEFORE_START: &str = " from ";

/// A file that is in the folder or in a table but not part of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file, named as an item would be.
    pub file: String,
    /// Why it is left out.
    pub reason: SkipReason,
}

/// Why a file is not part of the set.
#[derive(Clone, Debug, derive_more::Display, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Its extension is not one of [`AUDIO_EXTENSIONS`](crate::layout::AUDIO_EXTENSIONS).
    #[display("is not an audio file")]
    NotAudio,
    /// It is next to the class folders, not inside one, so it has no class.
    #[display("is not in a class folder")]
    NoClassFolder,
    /// It is next to the folders of subsets or folds, not inside one.
    #[display("is next to the folders of subsets or folds, not in one of them")]
    OtherFolder,
    /// It is a link to a recording that is read under another name.
    #[display("is a link to a recording that is there already")]
    SecondName,
    /// Its name, or that of a folder around it, is not UTF-8, so no table can name it.
    #[display("has a name that is not UTF-8 and cannot be written to tables; rename it")]
    FileName,
    /// It is a link to nothing.
    #[display("is a link that leads nowhere; restore what it leads to, or remove it")]
    DanglingLink,
    /// It is a pipe, a socket or a device: to open it might wait forever.
    #[display("is not a regular file; save what it gives to a file, or leave it out")]
    NotRegular,
    /// The system does not say what it is.
    #[display("can't be opened; check its permissions and those of its folder, or leave it out")]
    Inaccessible,
    /// A folder whose content is not known.
    #[display("can't be listed; check its permissions, or leave it out")]
    Unlisted,
    /// It is listed (on this line) but missing, and the options say to skip missing files.
    #[display("is {}missing", line.map(|line| format!("listed on line {line} but ")).unwrap_or_default())]
    Missing {
        /// Line of the table, where there is one.
        line: Option<usize>,
    },
}

impl SkipReason {
    /// Whether a recording may be lost by it: not a text next to the recordings, nor a second name of one of them.
    pub fn is_lost(&self) -> bool {
        !matches!(self, Self::NotAudio | Self::SecondName)
    }

    /// Whether it may be a recording of the set that can't be used: read, or named in a table.
    pub fn is_unusable(&self) -> bool {
        self.is_unreadable() || *self == Self::FileName
    }

    /// Whether it may be a recording of the set that this machine can't read now: what a folder contains, unlike a
    /// table, can't be refused for one odd entry.
    pub fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::DanglingLink | Self::NotRegular | Self::Inaccessible | Self::Unlisted
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_named_after_their_recording() {
        let item = Item {
            file: "1 from 2.wav".into(),
            ..Item::default()
        };
        assert_eq!(item.recording(), "1 from 2.wav");
        for (start_us, name) in [(3_000_000, "3.00"), (62_125_000, "62.125"), (1, "0.000001")] {
            let window = item.window(Span {
                start_us,
                length_us: 5,
            });
            assert_eq!(window.file, format!("1 from 2.wav from {name} s"));
            assert_eq!(window.recording(), "1 from 2.wav");
        }
    }
}
