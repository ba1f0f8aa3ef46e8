//! Why a download failed.

use std::io;
use std::path::{Path, PathBuf};

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No answer, or a broken connection that could not be resumed.
    #[error(
        "{url}: {cause}; check the network (and HTTPS_PROXY, if there is a proxy), then run the command again to \
         resume the download"
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
    /// More bytes come than the file has or may have.
    #[error(
        "{url}: the server sends more than the {limit} bytes that the file may have, so it is not the published file; \
         nothing of it is kept: check the address"
    )]
    TooLong {
        /// The address.
        url: String,
        /// The most bytes.
        limit: u64,
    },
    /// The size or the checksum differs from the expected one.
    #[error(
        "{path}: has {found} instead of {wanted}, so it is not the published file; delete it if it exists, then try \
         again ({url})"
    )]
    WrongFile {
        /// The address.
        url: String,
        /// The file.
        path: PathBuf,
        /// Its size in bytes, or its SHA-256 or MD5.
        found: String,
        /// The expected one.
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
        let path = path.into();
        Self::File { path, cause }
    }
}
