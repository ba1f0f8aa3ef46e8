//! A whole download: the rest of the file is fetched, checked, and renamed to its own name.

use super::resumed_transfer;
use super::{Download, DownloadError, DownloadOutcome, DownloadProgress};
use std::fs;
use std::path::PathBuf;

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
    /// A broken connection is resumed as long as attempts bring some bytes, up to a number of them.
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
        let resumed = resumed_transfer::run(self, &part, progress)?;
        if let Err(wrong) = self.check(&part) {
            // Resuming from wrong bytes could never succeed.
            fs::remove_file(&part).map_err(|e| DownloadError::write(&part, e))?;
            resumed_transfer::forget(&part);
            return Err(wrong);
        }
        fs::rename(&part, &self.to).map_err(|e| DownloadError::write(&self.to, e))?;
        resumed_transfer::forget(&part);
        Ok(DownloadOutcome::Downloaded { resumed })
    }
}
