//! Whether a disk has room for what is to be written.

use crate::human::human_bytes;
use std::path::{Path, PathBuf};

/// A disk that lacks room for what was to be written; nothing of it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: about {} are needed and {} are free; free some space or choose a folder on another disk",
    folder.display(), human_bytes(*needed), human_bytes(*free)
)]
pub struct NoRoom {
    /// The folder.
    pub folder: PathBuf,
    /// Bytes to write, estimated where they are not known.
    pub needed: u64,
    /// Bytes that are free.
    pub free: u64,
}

/// The bytes that are free for the user where a folder is, or will be; `None` where the system does not say.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let is_there = |path: &&Path| path.as_os_str().is_empty() || path.exists();
    let there = folder.ancestors().find(is_there)?;
    free(if there.as_os_str().is_empty() {
        Path::new(".")
    } else {
        there
    })
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

/// Refuses to write `needed` bytes where there are fewer, before anything is written. Where the system does not say how
/// many there are, writing fails when the disk is full.
///
/// # Errors
/// See [`NoRoom`].
pub fn check_room(folder: &Path, needed: u64) -> Result<(), NoRoom> {
    match free_bytes(folder) {
        Some(free) if free < needed => Err(NoRoom {
            folder: folder.into(),
            needed,
            free,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_is_refused_with_both_numbers() {
        let error = NoRoom {
            folder: "big".into(),
            needed: 18 << 30,
            free: 3 << 30,
        };
        assert_eq!(
            error.to_string(),
            "big: about 18 GiB are needed and 3 GiB are free; free some space or choose a folder on another disk"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_disk_of_a_folder_that_is_still_to_be_made() {
        let dir = tempfile::tempdir().unwrap();
        let new = dir.path().join("a/b/c");
        assert!(free_bytes(&new).is_some_and(|free| free > 0));
        assert!(free_bytes(Path::new("a/b")).is_some(), "below the current folder");
        assert_eq!(check_room(&new, 1), Ok(()));
        let error = check_room(&new, u64::MAX).unwrap_err();
        assert_eq!((error.folder, error.needed), (new, u64::MAX));
    }
}
