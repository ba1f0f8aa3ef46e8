//! One process at a time changes an index.

use crate::EmbeddingsError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Held while an index is added to or merged; the system releases it when the process ends, however it ends.
pub(super) const ADDING: &str = ".adding.lock";
/// Held while labels are appended.
pub(super) const LABELLING: &str = ".labels.lock";

/// Takes a lock, or refuses where another process holds it.
pub(super) fn lock(folder: &Path, name: &str) -> Result<File, EmbeddingsError> {
    let path = folder.join(name);
    let failed = |cause: std::io::Error| {
        EmbeddingsError::new(
            &path,
            format!("cannot be locked: {cause}; check the permissions of its folder"),
        )
    };
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmbeddingsError::new(
            folder,
            "another earmark is changing this index; wait for it, or choose another folder",
        )),
        Err(TryLockError::Error(cause)) => Err(failed(cause)),
    }
}
