//! The entries of a resume log.

use crate::tag::result::TagResult;
use earmark_core::remote;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Size and time of a file: if both are unchanged, its content is assumed to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStamp {
    /// Bytes.
    pub size: u64,
    /// Last change, in nanoseconds since 1970; 0 if the system does not report it. At an address, the number of its
    /// stamp.
    pub changed: u64,
}

impl FileStamp {
    /// Of a file; `None` without such a file.
    pub fn of(path: &Path) -> Option<Self> {
        if let Some(address) = remote::address(path) {
            let stamp = remote::files().ok()?.stamp(address).ok()?;
            return Some(Self {
                size: stamp.size,
                changed: stamp.number(),
            });
        }
        let found = std::fs::metadata(path).ok()?;
        let since_epoch = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let changed = found.modified().ok().and_then(since_epoch);
        Some(Self {
            size: found.len(),
            changed: changed.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
        })
    }
}

/// The entry of a recording, after the scores of its windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagLogEntry {
    /// The file when it was read.
    #[serde(flatten)]
    pub stamp: FileStamp,
    /// Its results.
    #[serde(flatten)]
    pub outcome: TagOutcome,
}

/// The line of an entry: with what checks the scores of windows before it.
#[derive(Serialize, Deserialize)]
pub(super) struct EntryLine<E> {
    #[serde(flatten)]
    pub entry: E,
    /// None without such scores, and in logs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowBytes>,
    /// Whether the recording was given up without being read, as processes died at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
}

/// The scores of a recording's windows: lines right before its entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WindowBytes {
    pub bytes: u64,
    pub checksum: String,
}

/// A recording that was begun: if nothing else follows about it, the process died meanwhile, of it or of something
/// else.
#[derive(Serialize, Deserialize)]
pub(super) struct BegunLine {
    pub begun: String,
    #[serde(flatten)]
    pub stamp: FileStamp,
    /// Whether it was in work when an earlier process died, and nothing else is in work now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
}

/// How far a recording is that was begun alone.
#[derive(Serialize, Deserialize)]
pub(super) struct ReachedLine {
    pub at: String,
    pub windows: u64,
}

/// Recordings that were begun and left in good order: the work was interrupted, or failed elsewhere.
#[derive(Serialize, Deserialize)]
pub(super) struct LeftLine {
    pub left: Vec<String>,
}

/// The results of a recording, or why it has no results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagOutcome {
    /// Its results.
    #[serde(rename = "heard")]
    Tagged(TagResult),
    /// It can't be read.
    Failed {
        /// Its name.
        file: String,
        /// Why.
        reason: String,
    },
}

impl TagOutcome {
    /// Name of the file.
    pub fn file(&self) -> &str {
        match self {
            Self::Tagged(result) => &result.file,
            Self::Failed { file, .. } => file,
        }
    }
}
