//! Why a download failed.

use std::io;
use std::path::{Path, PathBuf};

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No answer, or a broken connection that could not be resumed.
    #[error(
        "{url}: {cause}; check the network (and HTTPS_PROXY, if there is a proxy), then run the command again to resume the download"
    )]
    Network {
        /// The address.
        url: String,
        /// The reason.
        cause: String,
    },
    /// The server refused.
    #[error("{url}: the server answered {status}; the file may have moved")]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The size differs from the expected one.
    #[error(
        "{path}: has {found} bytes instead of {wanted}, so it is not the published file; delete it if it exists, then try again ({url})"
    )]
    Length {
        /// The address.
        url: String,
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        found: u64,
        /// The expected size in bytes.
        wanted: u64,
    },
    /// The checksum differs from the expected one.
    #[error(
        "{path}: has SHA-256 {found} instead of {wanted}, so it is not the published file; delete it if it exists, then try again ({url})"
    )]
    Checksum {
        /// The address.
        url: String,
        /// The file.
        path: PathBuf,
        /// Its SHA-256.
        found: String,
        /// The expected SHA-256.
        wanted: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {cause}; check permissions and free space")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// `progress` returned `false`.
    #[error("stopped; run the command again to resume the download")]
    Stopped,
}

impl DownloadError {
    pub(crate) fn write(path: &Path, cause: io::Error) -> Self {
        Self::File {
            path: path.into(),
            cause,
        }
    }
}
