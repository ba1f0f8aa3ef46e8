//! Labels of windows: what somebody said of a window, who, when and from what. They are appended and never changed; the
//! last one of a window and class counts.

use super::index::ArchiveIndex;
use super::locks::{LABELLING, lock};
use super::manifest::write_failed;
use crate::EmbeddingsError;
use earmark_core::json_lines::{JsonLines, log_lines, torn_line};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
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
    /// The last line, where it is cut off.
    pub torn: Option<TornLabel>,
}

/// The labels of an index as they are in its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelLog {
    /// All labels, the first one first.
    pub labels: Vec<WindowLabel>,
    /// The last line, where it is cut off; it is not one of them.
    pub torn: Option<TornLabel>,
}

/// A last line of the labels that is cut off, as where a program was killed while it wrote it, or a copy of the file was
/// not finished. Shown as what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TornLabel {
    /// The file, as it is shown.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Bytes of it.
    pub bytes: usize,
}

impl fmt::Display for TornLabel {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (file, line, bytes) = (&self.file, self.line, self.bytes);
        write!(
            f,
            "{file}: line {line}, the last one, is cut off after {bytes} bytes"
        )
    }
}

/// The labels of an index.
fn path_of(folder: &Path) -> PathBuf {
    folder.join("labels.jsonl")
}

/// Appends labels, and waits until they are on the disk. A last line that is cut off is removed, and given back.
///
/// # Errors
///
/// When another process appends, the disk fails, or a line of the file is damaged.
pub fn append_labels(
    index: &ArchiveIndex,
    labels: &[WindowLabel],
) -> Result<Option<TornLabel>, EmbeddingsError> {
    let _held = lock(index.folder(), LABELLING)?;
    let path = path_of(index.folder());
    let torn = torn_of(&path, &bytes_of(&path)?);
    let log = JsonLines::open_cut(&path, |_| true);
    let mut log = log.map_err(|e| write_failed(&e))?;
    for label in labels {
        log.append(label).map_err(|e| write_failed(&e))?;
    }
    log.sync().map_err(|e| write_failed(&e))?;
    Ok(torn)
}

/// The labels of an index. A last line that is cut off is not one of them, and named.
///
/// # Errors
///
/// When the file can't be read, or another line of it is damaged.
pub fn read_labels(folder: &Path) -> Result<LabelLog, EmbeddingsError> {
    let path = path_of(folder);
    let bytes = bytes_of(&path)?;
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
    let labels = log_lines(&bytes).map(label).collect::<Result<_, _>>()?;
    let torn = torn_of(&path, &bytes);
    Ok(LabelLog { labels, torn })
}

/// The bytes of the labels; none where there is no file.
fn bytes_of(path: &Path) -> Result<Vec<u8>, EmbeddingsError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(EmbeddingsError::new(path, format!("cannot be read: {e}"))),
    }
}

fn torn_of(path: &Path, bytes: &[u8]) -> Option<TornLabel> {
    torn_line(bytes).map(|(line, content)| TornLabel {
        file: path.display().to_string(),
        line,
        bytes: content.len(),
    })
}

impl CurrentLabels {
    /// Those of an index that count.
    ///
    /// # Errors
    ///
    /// As [`read_labels`].
    pub fn of(index: &ArchiveIndex) -> Result<Self, EmbeddingsError> {
        let LabelLog { labels, torn } = read_labels(index.folder())?;
        let mut current = Self {
            torn,
            ..Self::default()
        };
        let mut stale = BTreeMap::new();
        for label in labels {
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
