//! One process at a time tags into a resume log.

use crate::tag::TagError;
use earmark_core::atomic::WriteError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Opens and locks the file at `path`.
pub(super) fn lock(path: &Path) -> Result<File, TagError> {
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|e| WriteError::new(path, e))?;
        match file.try_lock() {
            // Another process may have finished and removed it in between.
            Ok(()) if path.exists() => return Ok(file),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TagError::Locked(path.to_path_buf())),
            Err(TryLockError::Error(e)) => return Err(WriteError::new(path, e).into()),
        }
    }
}
