//! Why a published model can't be installed.

use crate::download::DownloadError;
use crate::import::ImportError;
use std::path::PathBuf;

/// Why a model can't be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The download failed.
    #[error("{cause}\n\n{by_hand}")]
    Download {
        /// The reason.
        cause: DownloadError,
        /// How to do it without a network connection on this machine.
        by_hand: String,
    },
    /// The checkpoint is not the one that was installed before.
    #[error(
        "{url}: the file has {found}, and the one that was installed before has SHA-256 {wanted} ({record}); if its \
         authors have replaced it, delete that record and run the command again"
    )]
    Changed {
        /// The address.
        url: String,
        /// What was downloaded: its size in bytes, or its SHA-256.
        found: String,
        /// The recorded SHA-256.
        wanted: String,
        /// The file that it is recorded in.
        record: PathBuf,
    },
    /// The record of a checkpoint's SHA-256 can't be read or written.
    #[error("{path}: {reason}; delete it, and the next download is recorded instead")]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The checkpoint was downloaded but is not what it should be.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The system has no data folder for the user.
    #[error("there is no user's data folder to keep models in; set EARMARK_MODELS to a folder")]
    NoFolder,
}

impl InstallError {
    /// Whether `progress` stopped the download, which is not a failure.
    pub fn is_stop(&self) -> bool {
        let Self::Download { cause, .. } = self else {
            return false;
        };
        matches!(cause, DownloadError::Stopped)
    }
}
