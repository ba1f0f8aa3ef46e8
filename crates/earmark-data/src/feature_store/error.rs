//! Why an item has no features.

use std::io;
use std::path::PathBuf;

use earmark_audio::AudioError;
use earmark_features::FeatureError;

use crate::dataset::item::Item;

/// Why an item has no features. Such an item is never replaced by silence or by anything else.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {fault}", line.map(|line| format!(" (line {line} of the table)")).unwrap_or_default())]
pub struct ItemError {
    /// The item's name in the table.
    pub file: String,
    /// Its line in the table, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    #[source]
    pub fault: ItemFault,
}

/// What is wrong with an item.
#[derive(Debug, thiserror::Error)]
pub enum ItemFault {
    /// The file is missing or cannot be read.
    #[error("{path}: cannot be read: {source}; {}", remedy(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// The file is not audio, or it is broken.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The audio cannot become features.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// The file has changed since the start of the run.
    #[error("{0}: changed while it was in use; start again when nothing writes to the data folder any more")]
    Changed(PathBuf),
}

/// An item may come from a table, a folder or a command line: the remedy fits them all.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "check the path, or leave it out",
        io::ErrorKind::PermissionDenied => "change its permissions, or leave it out",
        _ => "check the disk, or leave it out",
    }
}

impl ItemError {
    /// The file of `item` has changed since the start of the run.
    pub(super) fn changed(item: &Item) -> Self {
        Self::new(item, ItemFault::Changed(item.path.clone()))
    }

    /// An error about `item`.
    pub fn new(item: &Item, fault: impl Into<ItemFault>) -> Self {
        Self {
            file: item.file.clone(),
            line: item.line,
            fault: fault.into(),
        }
    }
}
