//! One training process per run.

use super::RunError;
use earmark_core::atomic::WriteError;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Name of the file that is locked.
pub(super) const LOCK: &str = ".lock";

/// Keeps other processes from training in a folder; the system releases it when the process ends, however it ends. A folder in which
/// nothing else was written meanwhile (a refusal) is left as it was found.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    folder: PathBuf,
    /// Whether the folder was created for it.
    made: bool,
}

impl RunLock {
    /// Locks a folder, creating it if needed.
    ///
    /// # Errors
    /// [`RunError::Locked`] where another process holds the lock; a folder that can't be written to.
    pub fn take(path: &Path) -> Result<Self, RunError> {
        let lock = path.join(LOCK);
        let made = !path.exists();
        let open = || {
            std::fs::create_dir_all(path)?;
            File::options().create(true).append(true).open(&lock)
        };
        loop {
            let file = open().map_err(|e| WriteError::new(path, e))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(RunError::Locked(path.into())),
                Err(TryLockError::Error(e)) => return Err(WriteError::new(&lock, e).into()),
            }
            // Its last holder may have removed it since it was opened here.
            if is_there(&file, &lock) {
                return Ok(Self {
                    file,
                    folder: path.into(),
                    made,
                });
            }
        }
    }

    /// Whether a process holds the lock of a folder. To find out, a shared lock is taken for a moment; a training that
    /// starts in that very moment is refused and can be started again.
    pub fn is_held(folder: &Path) -> bool {
        let lock = File::open(folder.join(LOCK));
        lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// Whether `path` still leads to this file.
#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |m: std::io::Result<std::fs::Metadata>| m.map(|m| (m.dev(), m.ino())).ok();
    id(file.metadata()) == id(std::fs::metadata(path))
}

/// Other systems have no inode numbers; an open file keeps its name there.
#[cfg(not(unix))]
fn is_there(_: &File, path: &Path) -> bool {
    path.exists()
}

impl Drop for RunLock {
    fn drop(&mut self) {
        let entries = std::fs::read_dir(&self.folder).map(|entries| entries.take(2).count());
        if !matches!(entries, Ok(1)) {
            return;
        }
        // Only the lock is left. It is removed while it is held; a lock that can't be removed does no harm.
        if std::fs::remove_file(self.folder.join(LOCK)).is_ok() && self.made {
            let _ = std::fs::remove_dir(&self.folder);
        }
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_leaves_no_folder_behind() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("runs/a");
        drop(RunLock::take(&run).unwrap());
        assert!(!run.exists() && dir.path().join("runs").is_dir());
        // Somebody's own empty folder stays, and so does what was written.
        std::fs::create_dir(&run).unwrap();
        drop(RunLock::take(&run).unwrap());
        assert!(run.is_dir() && std::fs::read_dir(&run).unwrap().next().is_none());
        let lock = RunLock::take(&run).unwrap();
        std::fs::write(run.join("recipe.toml"), "").unwrap();
        drop(lock);
        assert!(run.join("recipe.toml").is_file() && run.join(LOCK).is_file());
    }

    /// Who opened the lock before its holder removed it would hold a file that nobody else finds.
    #[cfg(unix)]
    #[test]
    fn a_removed_lock_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join(LOCK);
        let file = File::create(&lock).unwrap();
        assert!(is_there(&file, &lock));
        std::fs::remove_file(&lock).unwrap();
        assert!(!is_there(&file, &lock));
        std::fs::write(&lock, "").unwrap();
        assert!(!is_there(&file, &lock), "another one");
    }
}
