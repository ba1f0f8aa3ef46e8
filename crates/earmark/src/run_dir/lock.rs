//! One trainer a run.

use super::RunError;
use earmark_data::atomic::WriteError;
use std::fs::{File, OpenOptions};
use std::path::Path;

/// The file that is locked.
pub(super) const LOCK: &str = ".lock";

/// Keeps other processes from training in a folder; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Locks a folder, making it if need be.
    pub fn take(path: &Path) -> Result<Self, RunError> {
        let lock = path.join(LOCK);
        let open = || {
            std::fs::create_dir_all(path)?;
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&lock)
        };
        let file = open().map_err(|e| WriteError::new(path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(RunError::Locked(path.into())),
            Err(std::fs::TryLockError::Error(e)) => Err(WriteError::new(&lock, e).into()),
        }
    }
}
