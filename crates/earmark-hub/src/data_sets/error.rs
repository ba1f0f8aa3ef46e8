//! Why a data set is not there.

use super::archive::ArchiveError;
use crate::download::DownloadError;
use earmark_core::atomic::WriteError;
use earmark_core::disk_space::NoRoom;
use std::path::PathBuf;

/// Why a data set is not there, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum GetDataError {
    /// A download failed.
    #[error("{cause}\n\n{by_hand}")]
    Download {
        /// The reason.
        cause: DownloadError,
        /// How to do it without a network connection on this machine.
        by_hand: String,
    },
    /// What lists the files can't be read.
    #[error(
        "the list of the files can't be read: {problem}; run the command again, or give the address of the record with \
         --url"
    )]
    Record {
        /// What is wrong.
        problem: String,
    },
    /// Archives are missing.
    #[error("{place}: lacks {missing}\n\n{by_hand}")]
    Missing {
        /// The folder with archives, or the address of the list of them.
        place: String,
        /// What is missing.
        missing: String,
        /// Where to get it.
        by_hand: String,
    },
    /// The folder holds something else.
    #[error("{folder}: is neither empty nor holds this data set; choose another folder")]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// An archive can't be unpacked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It does not fit.
    #[error(transparent)]
    Room(#[from] NoRoom),
}

impl GetDataError {
    /// Whether `progress` stopped it, which is not a failure.
    pub fn is_stop(&self) -> bool {
        match self {
            Self::Download { cause, .. } => matches!(cause, DownloadError::Stopped),
            Self::Archive(cause) => matches!(cause, ArchiveError::Stopped),
            _ => false,
        }
    }
}
