//! The folders of files that are written.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a lock is waited for: who holds it renames a few files.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the renames in a folder durable. Only Unix can (and needs to) sync a folder.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network and FUSE file systems can't sync a folder; the file itself is on the disk.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Holds back others, of this process or another, that replace sets of files in a folder, until what it gives is
/// dropped or the process ends. Where the file system has no such locks, or somebody holds one for very long, nobody is
/// held back.
pub(crate) fn lock_folder(folder: &Path) -> Option<File> {
    // Its name may be a stranger's, and opening a pipe waits for somebody to write to it.
    let handle = folder.is_dir().then(|| File::open(folder).ok()).flatten()?;
    let began = Instant::now();
    loop {
        match handle.try_lock() {
            Ok(()) => return Some(handle),
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => thread::sleep(LOOK_EVERY),
            Err(_) => return None,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock_folder(folder.path());
        assert!(lock.is_some());
        let other = File::open(folder.path()).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(lock);
        assert!(other.try_lock().is_ok());
        let file = folder.path().join("file");
        assert!(lock_folder(&file).is_none());
        std::fs::write(&file, "").unwrap();
        assert!(lock_folder(&file).is_none(), "a file or a pipe");
    }
}
