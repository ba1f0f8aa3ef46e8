//! Why an item has no features.

use std::io;
use std::path::{Path, PathBuf};

use earmark_audio::{AudioError, Fault};
use earmark_core::human::human_duration;
use earmark_core::remote::RemoteFailure;
use earmark_features::FeatureError;

use crate::damaged_recordings::ClipDamage;
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
    /// A part of it is missing or damaged, and such recordings are refused.
    #[error("{error}; {} can be read with --damaged salvage", damage.used())]
    Damaged {
        /// Why it is refused.
        #[source]
        error: AudioError,
        /// What could be saved.
        damage: ClipDamage,
    },
    /// It is so damaged that not a sample of it can be read.
    #[error("{path}: nothing of it can be read: {what}; download it again, or leave it out")]
    NothingLeft {
        /// The file.
        path: PathBuf,
        /// The first loss.
        what: String,
    },
    /// It is read as a whole, and that would take too much memory.
    #[error(
        "{path}: is longer than {}, and no longer ones are read as a whole; cut it into shorter files, or leave it out",
        human_duration(*longest_seconds)
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        longest_seconds: f64,
    },
    /// Reading it, or computing its features, panicked.
    #[error("{path}: {what}; leave it out until that is fixed")]
    Panic {
        /// The file.
        path: PathBuf,
        /// What happened.
        what: String,
    },
    /// The audio cannot become features.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// The file has changed since the start of the run.
    #[error("{0}: changed while it was in use; start again when nothing writes to the data folder any more")]
    Changed(PathBuf),
}

impl ItemFault {
    /// Of a file that can't be read. What a store says of one at an address has its own remedy.
    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match RemoteFailure::of(&source).cloned() {
            Some(failure) => {
                let fault = Fault::Store(failure);
                Self::Audio(AudioError::File { path, fault })
            }
            None => Self::Read { path, source },
        }
    }
}

/// An item may come from a table, a folder or a command line: the remedy fits them all.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "check the path, or leave it out",
        io::ErrorKind::InvalidInput => "save what it gives to a file, or leave it out",
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
