//! Downloads a file over HTTP. An interrupted download is resumed, and a file without the expected checksum is
//! rejected.
//!
//! Nothing is waited for without end: a server that is silent or very slow is asked again a few times, and all attempts
//! together have a time that follows from the size. No more is written than the file has, or may have where its size is
//! not known.
//!
//! A file is written as `NAME.part` next to its target and renamed when it is complete and checked, so a file under its
//! own name is always intact.

mod checksum;
mod error;
mod fetch_and_check;
mod request;
mod resumed_transfer;
mod slowest_rate;

pub use checksum::{md5_of, sha256_of};
pub use earmark_core::slowest_rate::SLOWEST_BYTES_PER_SECOND;
pub use error::DownloadError;

use std::path::PathBuf;
use std::time::Duration;

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its address.
    pub url: String,
    /// The target path; its folder is created if needed.
    pub to: PathBuf,
    /// The expected SHA-256 in hexadecimal digits, where it is known.
    pub sha256: Option<String>,
    /// The expected MD5 in hexadecimal digits, where that is known instead.
    pub md5: Option<String>,
    /// The expected size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// The longest time for connecting, for an answer, and for each read; [`PATIENCE`] is usual.
    pub patience: Duration,
}

/// The usual patience with a server: long enough for a slow one, and short enough for several attempts within a minute.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The most bytes of a file whose size is not known: three times the largest published model.
pub const MAX_BYTES: u64 = 1 << 30;

impl Download {
    /// The most bytes that are written.
    pub(crate) fn limit(&self) -> u64 {
        self.bytes.unwrap_or(MAX_BYTES)
    }
}

/// How far a download has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Bytes on disk, including those of earlier attempts.
    pub done: u64,
    /// Size of the whole file, where the server states it.
    pub total: Option<u64>,
}

/// How a download ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadOutcome {
    /// The file was already there, with the right checksum or length.
    Present,
    /// The file was downloaded.
    Downloaded {
        /// Bytes that an earlier attempt had already downloaded.
        resumed: u64,
    },
}
