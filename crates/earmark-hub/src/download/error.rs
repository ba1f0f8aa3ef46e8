//! Why a file could not be fetched.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or a connection that broke and could not be taken up.
    #[error(
        "{url}: {cause}; check the network (and HTTPS_PROXY, if there is a proxy), then try again: what is there is gone on from"
    )]
    Network {
        /// Where from.
        url: String,
        /// Why.
        cause: String,
    },
    /// The server refuses.
    #[error("{url}: the server answers {status}; the file may have moved")]
    Status {
        /// Where from.
        url: String,
        /// HTTP's status.
        status: u16,
    },
    /// Another number of bytes than expected.
    #[error(
        "{path}: has {found} bytes instead of {wanted}: it is not the published file; delete it if it is there, then try again ({url})"
    )]
    Length {
        /// Where from.
        url: String,
        /// Where to.
        path: PathBuf,
        /// Bytes it has.
        found: u64,
        /// Bytes it should have.
        wanted: u64,
    },
    /// Another checksum than expected.
    #[error(
        "{path}: has SHA-256 {found} instead of {wanted}: it is not the published file; delete it if it is there, then try again ({url})"
    )]
    Checksum {
        /// Where from.
        url: String,
        /// Where to.
        path: PathBuf,
        /// Its checksum.
        found: String,
        /// The one it should have.
        wanted: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {cause}; check permissions and free space")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// `progress` said to stop.
    #[error("stopped; what is there is gone on from the next time")]
    Stopped,
}

impl FetchError {
    pub(crate) fn write(path: &Path, cause: io::Error) -> Self {
        Self::File {
            path: path.into(),
            cause,
        }
    }
}
