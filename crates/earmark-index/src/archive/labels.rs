//! Labels of windows: what somebody said of a window, who, when and from what. They are appended and never changed; the
//! last one of a window and class counts.

use super::index::ArchiveIndex;
use super::locks::{LABELLING, lock};
use super::manifest::write_failed;
use crate::EmbeddingsError;
use earmark_core::json_lines::{JsonLines, log_lines};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What was said of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowLabel {
    /// The recording.
    pub file: String,
    /// Which content of it, as a checksum: a label says nothing of a recording that has changed.
    pub content: String,
    /// Start of the window, in seconds.
    pub start_seconds: f64,
    /// Its end.
    pub end_seconds: f64,
    /// The class.
    pub class: String,
    /// Whether the class is in the window.
    pub answer: LabelAnswer,
    /// Who said so.
    pub who: String,
    /// When, as RFC 3339 in UTC.
    pub when: String,
    /// Where it comes from: a search, a proposal, a table.
    pub from: String,
}

/// Whether a class is in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelAnswer {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// What was said before no longer counts.
    Withdrawn,
}

/// The labels that count, by class, and by row within it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurrentLabels {
    /// Whether the class is in the window.
    pub by_class: BTreeMap<String, BTreeMap<usize, bool>>,
    /// Labels of recordings that are no longer what they were, or not in the index.
    pub stale: usize,
}

/// The labels of an index.
fn path_of(folder: &Path) -> PathBuf {
    folder.join("labels.jsonl")
}

/// Appends labels, and waits until they are on the disk.
///
/// # Errors
///
/// When another process appends, the disk fails, or a line of the file is damaged.
pub fn append_labels(index: &ArchiveIndex, labels: &[WindowLabel]) -> Result<(), EmbeddingsError> {
    let _held = lock(index.folder(), LABELLING)?;
    let log = JsonLines::open_cut(&path_of(index.folder()), |_| true);
    let mut log = log.map_err(|e| write_failed(&e))?;
    for label in labels {
        log.append(label).map_err(|e| write_failed(&e))?;
    }
    log.sync().map_err(|e| write_failed(&e))
}

/// All labels, the first one first. A last line that a killed process has not finished is not one of them.
///
/// # Errors
///
/// When the file can't be read, or another line of it is damaged.
pub fn read_labels(folder: &Path) -> Result<Vec<WindowLabel>, EmbeddingsError> {
    let path = path_of(folder);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(EmbeddingsError::new(&path, format!("cannot be read: {e}"))),
    };
    let label = |line: earmark_core::json_lines::LogLine| {
        let bad = |what: String| {
            let problem = format!(
                "line {}: {what}; remove that line, or restore the file",
                line.number
            );
            EmbeddingsError::new(&path, problem)
        };
        let value = line.value.map_err(bad)?;
        let label = serde_json::from_value(value);
        label.map_err(|e| {
            let problem = format!("line {}: is not a label ({e}); remove that line", line.number);
            EmbeddingsError::new(&path, problem)
        })
    };
    log_lines(&bytes).map(label).collect()
}

impl CurrentLabels {
    /// Those of an index that count.
    ///
    /// # Errors
    ///
    /// As [`read_labels`].
    pub fn of(index: &ArchiveIndex) -> Result<Self, EmbeddingsError> {
        let mut current = Self::default();
        let mut stale = BTreeMap::new();
        for label in read_labels(index.folder())? {
            let row = index.row_at(&label.file, label.start_seconds);
            let content = index
                .recording(&label.file)
                .map(|of| &of.recording.version.content);
            let Some(row) = row.filter(|_| content == Some(&label.content)) else {
                let start = label.start_seconds.to_bits();
                let key = (label.file, label.content, start, label.class);
                stale.insert(key, label.answer != LabelAnswer::Withdrawn);
                continue;
            };
            let of_class = current.by_class.entry(label.class).or_default();
            match label.answer {
                LabelAnswer::Yes => of_class.insert(row, true),
                LabelAnswer::No => of_class.insert(row, false),
                LabelAnswer::Withdrawn => of_class.remove(&row),
            };
        }
        current.by_class.retain(|_, rows| !rows.is_empty());
        current.stale = stale.into_values().filter(|counts| *counts).count();
        Ok(current)
    }

    /// The labels of a class, by row. With `others`, classes that exclude it, a yes for one of them is a no for this
    /// one unless it has a label itself.
    pub fn of_class(&self, class: &str, others: &[String]) -> BTreeMap<usize, bool> {
        let mut rows = BTreeMap::new();
        for other in others.iter().filter(|other| *other != class) {
            let labels = self.by_class.get(other).into_iter().flatten();
            rows.extend(labels.filter(|(_, yes)| **yes).map(|(row, _)| (*row, false)));
        }
        rows.extend(
            self.by_class
                .get(class)
                .into_iter()
                .flatten()
                .map(|(row, yes)| (*row, *yes)),
        );
        rows
    }
}
