//! The hash of what a file contains, computed once for as long as the file is unchanged.

use earmark_core::remote;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// The BLAKE3 hash of the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(pub(super) blake3::Hash);

/// Size and time of the last change: when both are equal, the file is assumed to be unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    size: u64,
    changed: Option<SystemTime>,
    /// Of a file at an address: the number of its stamp.
    number: u64,
}

/// Of a file at an address, its stamp goes for its content: to read it twice would cost as much as to compute its
/// features.
fn of_address(address: &str, stamp: FileStamp) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(address.as_bytes());
    hasher.update(b"\0");
    hasher.update(&stamp.size.to_le_bytes());
    hasher.update(&stamp.number.to_le_bytes());
    ContentHash(hasher.finalize())
}

impl FileStamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if let Some(address) = remote::address(path) {
            let stamp = remote::files()?.stamp(address)?;
            return Ok(Self {
                size: stamp.size,
                changed: stamp.changed,
                number: stamp.number(),
            });
        }
        let found = fs::metadata(path)?;
        Ok(Self {
            size: found.len(),
            changed: found.modified().ok(),
            number: 0,
        })
    }
}

/// The hashes of the files seen so far.
#[derive(Debug, Default)]
pub(super) struct Contents {
    known: Mutex<HashMap<PathBuf, (FileStamp, ContentHash)>>,
}

impl Contents {
    /// The hash of what `path` contains now.
    pub(super) fn of(&self, path: &Path) -> io::Result<(FileStamp, ContentHash)> {
        let stamp = FileStamp::of(path)?;
        if let Some(address) = remote::address(path) {
            return Ok((stamp, of_address(address, stamp)));
        }
        // To open a pipe would wait until somebody writes into it.
        if !fs::metadata(path)?.is_file() {
            let what = "it is not a regular file";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        if let Some(&(known, content)) = self.lock().get(path)
            && known == stamp
        {
            return Ok((stamp, content));
        }
        let mut hasher = blake3::Hasher::new();
        io::copy(&mut File::open(path)?, &mut hasher)?;
        let content = ContentHash(hasher.finalize());
        // Changed meanwhile: the hash may be of neither state and is not kept.
        if FileStamp::of(path)? == stamp {
            self.lock().insert(path.to_path_buf(), (stamp, content));
        }
        Ok((stamp, content))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (FileStamp, ContentHash)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
