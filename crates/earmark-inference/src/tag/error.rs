//! Why tagging can't start or continue.

use crate::PipelineError;
use earmark_core::atomic::WriteError;
use std::path::PathBuf;

/// Why tagging can't start or continue. Problems of a single recording are not such errors: they are reported with the results.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// A model can't be used.
    #[error(transparent)]
    Model(#[from] PipelineError),
    /// Results can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The resume log can't be read.
    #[error("{path}: cannot be read: {cause}; check the disk and the path, then try again")]
    Read {
        /// The resume log.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Another process writes there.
    #[error("{0}: another earmark is writing there; wait for it, or choose another output")]
    Locked(PathBuf),
    /// Not a resume log.
    #[error("{0}: not a resume log of `earmark tag`; move it elsewhere, or choose another output")]
    Foreign(PathBuf),
    /// A resume log of other settings.
    #[error(
        "{path}: was started {then}, not {now}; give the same, or add --fresh to start over (its results are then lost)"
    )]
    OtherSettings {
        /// The resume log.
        path: PathBuf,
        /// The setting.
        key: String,
        /// What it was when the resume log was started, in words, such as `with --top-k 3`.
        then: String,
        /// What it is now, in words, such as `5` or `without it`.
        now: String,
    },
    /// A pipe or stdout can't be written to.
    #[error("cannot be written: {0}; name a file with -o instead")]
    Stream(#[from] std::io::Error),
    /// A setting or input that can't work.
    #[error("{0}")]
    Request(String),
}

/// Why a recording was not tagged.
#[derive(Debug)]
pub(super) enum TagFailure {
    /// It can't be read; the reason without its name.
    Recording(String),
    /// Nothing can be tagged.
    Fatal(TagError),
    /// It was interrupted.
    Stopped,
}
