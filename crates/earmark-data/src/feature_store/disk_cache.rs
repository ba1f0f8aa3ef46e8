//! The features on disk: one file per clip and front end, shared by any number of processes.
//!
//! Every file is written under another name and renamed, so that a reader finds a whole entry or none; each has a
//! checksum, and one that does not match is ignored. The budget is kept by removing the least recently used
//! files; a reader that has one of them open can finish reading, a later one computes it again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use super::cache_file_format::CacheEntry;
use super::cache_key::CacheKey;
use earmark_core::atomic::{self, WriteError};

/// Temporaries of other processes are left alone for this long.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// A use is recorded when the last one is at least this long ago.
const TOUCH_AGE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    budget_bytes: u64,
    /// Bytes in the folder as far as this process knows; counted at the first write and at each eviction.
    bytes: AtomicU64,
    counting: Mutex<bool>,
    failure: OnceLock<WriteError>,
}

/// A file of the cache.
struct CachedFile {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Disk {
    pub(super) fn new(folder: PathBuf, budget_bytes: u64) -> Self {
        Self {
            folder,
            budget_bytes,
            bytes: AtomicU64::new(0),
            counting: Mutex::new(false),
            failure: OnceLock::new(),
        }
    }

    /// Why nothing is written any more, if writing has failed.
    pub(super) fn failure(&self) -> Option<&WriteError> {
        self.failure.get()
    }

    /// The entry of `key`, if there is an intact one.
    pub(super) fn get(&self, key: CacheKey) -> Option<CacheEntry> {
        let path = self.path(key);
        let entry = CacheEntry::read(&fs::read(&path).ok()?)?;
        // A read-only folder works too; its order of use is then that of writing.
        if let Ok(file) = File::options().append(true).open(&path) {
            let now = SystemTime::now();
            let recent = file
                .metadata()
                .and_then(|found| found.modified())
                .is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age < TOUCH_AGE));
            if !recent {
                let _ = file.set_modified(now);
            }
        }
        Some(entry)
    }

    /// Writes `entry`, and keeps the budget. A cache that cannot be written to does not fail the work: the first such error
    /// is remembered, and nothing more is written.
    pub(super) fn put(&self, key: CacheKey, entry: &CacheEntry) {
        if entry.bytes() > self.budget_bytes || self.failure.get().is_some() {
            return;
        }
        if let Err(error) = self.write(key, entry) {
            // Another worker may have been first; one message is enough.
            let _ = self.failure.set(error);
        }
    }

    fn write(&self, key: CacheKey, entry: &CacheEntry) -> Result<(), WriteError> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
        let failed = |error| WriteError::new(&self.folder, error);
        {
            let mut counted = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
            if !*counted {
                self.count().map_err(failed)?;
                *counted = true;
            }
        }
        let replaced = fs::metadata(&path).map_or(0, |old| old.len());
        atomic::write_unsynced(&path, |out| entry.write(out))?;
        let added = entry.bytes().saturating_sub(replaced);
        if self.bytes.fetch_add(added, Ordering::SeqCst) + added > self.budget_bytes {
            let _alone = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
            self.evict().map_err(failed)?;
        }
        Ok(())
    }

    /// Two hexadecimal digits of the key make a folder, so that none grows too long.
    fn path(&self, key: CacheKey) -> PathBuf {
        let name = key.0.to_hex();
        self.folder.join(&name[..2]).join(format!("{}.feat", &name[2..]))
    }

    fn count(&self) -> io::Result<()> {
        let found = self.list()?;
        self.bytes
            .store(found.iter().map(|file| file.bytes).sum(), Ordering::SeqCst);
        Ok(())
    }

    /// Removes the least recently used files until nine tenths of the budget are used, so that not every write evicts.
    fn evict(&self) -> io::Result<()> {
        let mut found = self.list()?;
        found.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.path.cmp(&b.path)));
        let mut bytes: u64 = found.iter().map(|file| file.bytes).sum();
        if bytes > self.budget_bytes {
            for file in &found {
                if bytes <= self.budget_bytes / 10 * 9 {
                    break;
                }
                // Another process may have been faster, or (on Windows) be reading it.
                if fs::remove_file(&file.path).is_ok() || !file.path.exists() {
                    bytes -= file.bytes;
                }
            }
        }
        self.bytes.store(bytes, Ordering::SeqCst);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<CachedFile>> {
        let mut found = Vec::new();
        for folder in fs::read_dir(&self.folder)? {
            let folder = folder?.path();
            if !is_own_folder(&folder) {
                continue;
            }
            atomic::clean_leftovers_older_than(&folder, LEFTOVER_AGE)?;
            for file in fs::read_dir(&folder)? {
                let path = file?.path();
                if path.extension().is_none_or(|extension| extension != "feat") {
                    continue;
                }
                // Gone meanwhile: not counted.
                if let Ok(state) = fs::metadata(&path) {
                    let used = state.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.push(CachedFile {
                        path,
                        bytes: state.len(),
                        used,
                    });
                }
            }
        }
        Ok(found)
    }
}

/// Only what this cache made is ever counted or removed.
fn is_own_folder(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) && path.is_dir()
}
