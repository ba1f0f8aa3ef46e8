//! Downloads a file over HTTP. An interrupted download is resumed, and a file without the expected checksum is rejected.
//!
//! A file is written as `NAME.part` next to its target and renamed when it is complete and checked, so a file under its own
//! name is always intact.

mod checksum;
mod error;
mod transfer;

pub use checksum::sha256_of;
pub use error::DownloadError;

use std::fs;
use std::path::{Path, PathBuf};

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its address.
    pub url: String,
    /// The target path; its folder is created if needed.
    pub to: PathBuf,
    /// The expected SHA-256 in hexadecimal digits, where it is known.
    pub sha256: Option<String>,
    /// The expected size in bytes, where it is known.
    pub bytes: Option<u64>,
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

impl Download {
    /// Path of the unfinished file.
    pub fn part(&self) -> PathBuf {
        let mut name = self.to.file_name().unwrap_or_default().to_os_string();
        name.push(".part");
        self.to.with_file_name(name)
    }

    /// Downloads the file unless it is already there. `progress` is called for every piece and returns whether to continue; after
    /// it returns `false`, the next call resumes the download.
    ///
    /// A broken connection is resumed as long as each attempt brings some bytes.
    ///
    /// # Errors
    /// See [`DownloadError`].
    pub fn run(
        &self,
        progress: &mut dyn FnMut(DownloadProgress) -> bool,
    ) -> Result<DownloadOutcome, DownloadError> {
        if self.to.is_file() {
            self.check(&self.to)?;
            return Ok(DownloadOutcome::Present);
        }
        if let Some(folder) = self.to.parent() {
            fs::create_dir_all(folder).map_err(|e| DownloadError::write(folder, e))?;
        }
        let part = self.part();
        let resumed = transfer::run(self, &part, progress)?;
        if let Err(wrong) = self.check(&part) {
            // Resuming from wrong bytes could never succeed.
            fs::remove_file(&part).map_err(|e| DownloadError::write(&part, e))?;
            return Err(wrong);
        }
        fs::rename(&part, &self.to).map_err(|e| DownloadError::write(&self.to, e))?;
        Ok(DownloadOutcome::Downloaded { resumed })
    }

    /// Refuses a file whose length or checksum differs from the expected one.
    fn check(&self, path: &Path) -> Result<(), DownloadError> {
        let unread = |e| DownloadError::write(path, e);
        let wrong = |found, wanted| DownloadError::WrongFile {
            url: self.url.clone(),
            path: path.into(),
            found,
            wanted,
        };
        let found = fs::metadata(path).map_err(unread)?.len();
        if let Some(wanted) = self.bytes.filter(|wanted| *wanted != found) {
            return Err(wrong(format!("{found} bytes"), wanted.to_string()));
        }
        let Some(wanted) = &self.sha256 else {
            return Ok(());
        };
        let found = sha256_of(path).map_err(unread)?;
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        Err(wrong(format!("SHA-256 {found}"), wanted.clone()))
    }
}
