//! Which evaluator evaluates a checkpoint, where several work on one run.
//!
//! An evaluator claims a checkpoint by an operating-system lock on `eval/claim-<step>`, which the system releases when the process
//! dies; the file is removed once the step is evaluated.

use super::result_files::result_path;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// A checkpoint that only this process evaluates; released on drop.
#[derive(Debug)]
pub struct CheckpointClaim {
    path: PathBuf,
    result: PathBuf,
    _lock: File,
}

impl CheckpointClaim {
    /// Claims a step, unless it is evaluated already or another evaluator has claimed it.
    ///
    /// # Errors
    ///
    /// When the claim file can't be opened or locked.
    pub fn take(eval: &Path, step: u64) -> std::io::Result<Option<Self>> {
        if result_path(eval, step).exists() {
            return Ok(None);
        }
        let path = eval.join(format!("claim-{step}"));
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(e)) => return Err(e),
        }
        // Another evaluator may have finished since the check above.
        let claim = Self {
            path,
            result: result_path(eval, step),
            _lock: lock,
        };
        Ok((!claim.result.exists()).then_some(claim))
    }
}

impl Drop for CheckpointClaim {
    fn drop(&mut self) {
        // Only where there is a result, which says the same: if the file of an open claim were removed, two evaluators could each
        // hold a lock, on the old file and on a new one.
        if self.result.exists() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_excludes_others_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let claim = CheckpointClaim::take(dir.path(), 100).unwrap().expect("free");
        assert!(CheckpointClaim::take(dir.path(), 100).unwrap().is_none(), "taken");
        let other = CheckpointClaim::take(dir.path(), 200).unwrap();
        assert!(other.is_some(), "another step is free");
        drop(claim);
        assert!(
            CheckpointClaim::take(dir.path(), 100).unwrap().is_some(),
            "free again"
        );
        std::fs::write(result_path(dir.path(), 100), "evaluated").unwrap();
        assert!(
            CheckpointClaim::take(dir.path(), 100).unwrap().is_none(),
            "evaluated"
        );
    }
}
