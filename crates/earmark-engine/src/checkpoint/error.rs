//! Why a model file or a resume state can't be used.

use earmark_core::atomic::WriteError;
use std::path::{Path, PathBuf};

/// Why a model or state file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}; check the path")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The bytes are not a safetensors file.
    #[error("{path}: not a model file ({reason}); expected a .safetensors file written by `earmark train`")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are not those that were written.
    #[error(
        "{path}: is damaged: its {what} are not those that were written (the checksum differs); restore it from a copy, or train, import \
         or download it again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is damaged.
        what: &'static str,
    },
    /// A safetensors file of another program.
    #[error(
        "{path}: has no earmark metadata; it holds tensors, but does not say which network, front end and classes they belong to"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version of this program.
    #[error(
        "{path}: format {found} is newer than format {known}, the newest this program reads; update earmark (the file was written by version {version})"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
        /// The version that wrote it.
        version: String,
    },
    /// The tensors are not the network's.
    #[error(
        "{path}: does not fit this network: {differences}; it belongs to another recipe or another set of classes"
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The first few differences.
        differences: String,
    },
    /// A training can't resume from its state. A run has one state, and nothing else holds what is in it.
    #[error(
        "{path}: training can't resume from this file ({reason}); restore it from a copy, or delete it: --resume then trains from the start again, ends with the same weights and replaces the existing checkpoints"
    )]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl ModelFileError {
    pub(super) fn read(path: &Path, cause: std::io::Error) -> Self {
        Self::Read {
            path: path.into(),
            cause,
        }
    }

    pub(super) fn broken(path: &Path, reason: impl ToString) -> Self {
        Self::Broken {
            path: path.into(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn damaged(path: &Path, what: &'static str) -> Self {
        Self::Damaged {
            path: path.into(),
            what,
        }
    }

    pub(super) fn state(path: &Path, reason: impl ToString) -> Self {
        Self::State {
            path: path.into(),
            reason: reason.to_string(),
        }
    }
}
