//! Why an archive can't be unpacked.

use earmark_core::atomic::WriteError;
use earmark_core::disk_space::NoRoom;
use std::io;
use std::path::{Path, PathBuf};

/// Why an archive can't be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file of it can't be read.
    #[error("{path}: {cause}; check that it is there, as are all parts of its archive")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// It is cut off or damaged.
    #[error("{path}: {problem}, so it is damaged; fetch it again")]
    Damaged {
        /// The file: of an archive in parts, the one in which the damage begins.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It holds what no data set does, or what is not supported.
    #[error("{path}: {problem}; nothing of it is unpacked")]
    Refused {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// What is in it can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What is in it does not fit.
    #[error(transparent)]
    Room(#[from] NoRoom),
    /// `progress` returned `false`.
    #[error("stopped; run the command again to resume")]
    Stopped,
}

impl ArchiveError {
    pub(super) fn read(path: &Path, cause: io::Error) -> Self {
        let path = path.into();
        Self::Read { path, cause }
    }

    pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        let (path, problem) = (path.into(), problem.into());
        Self::Damaged { path, problem }
    }

    pub(super) fn refused(path: &Path, problem: impl Into<String>) -> Self {
        let (path, problem) = (path.into(), problem.into());
        Self::Refused { path, problem }
    }
}
