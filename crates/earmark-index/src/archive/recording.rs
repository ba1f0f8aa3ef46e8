//! A recording as the index knows it, and whether its file is still the one that was embedded.

use earmark_core::checksum::Checksum;
use earmark_core::remote;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A recording in an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexedRecording {
    /// Its name: its path as it was given or found.
    pub file: String,
    /// Which content of the file was embedded.
    #[serde(flatten)]
    pub version: RecordingVersion,
    /// Its length.
    pub seconds: f64,
    /// Rate of the file, in hertz.
    pub sample_rate_hz: u32,
    /// Its length in samples at the model's rate.
    pub samples: u64,
    /// Number of its windows.
    pub windows: usize,
    /// What is missing of it, or contradicts its sound, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether a part of it is missing or damaged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
}

/// A content of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingVersion {
    /// Bytes.
    pub size: u64,
    /// Last change, in nanoseconds since 1970; 0 if the system does not report it. At an address, the number of its
    /// stamp.
    pub changed: u64,
    /// Checksum of all bytes.
    pub content: String,
}

impl RecordingVersion {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let (size, changed) = size_and_time(path)?;
        Ok(Self {
            size,
            changed,
            content: match remote::address(path) {
                // What its store says of it is all that is known without reading it once more.
                Some(_) => format!("{changed:016x}"),
                None => checksum_of_file(path)?,
            },
        })
    }

    /// Whether a file still has this content. It is only read where its time says that it may have changed and its size
    /// does not.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub fn is_still(&self, path: &Path) -> io::Result<bool> {
        let (size, changed) = size_and_time(path)?;
        if size != self.size || (changed == self.changed && changed > 0) || remote::address(path).is_some() {
            return Ok(size == self.size && changed == self.changed);
        }
        Ok(checksum_of_file(path)? == self.content)
    }

    /// Whether both are of the same bytes, whenever they were written.
    pub fn is_same_content(&self, other: &Self) -> bool {
        (self.size, &self.content) == (other.size, &other.content)
    }
}

fn size_and_time(path: &Path) -> io::Result<(u64, u64)> {
    if let Some(address) = remote::address(path) {
        let stamp = remote::files()?.stamp(address)?;
        return Ok((stamp.size, stamp.number()));
    }
    let found = std::fs::metadata(path)?;
    let since_epoch = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    let changed = found.modified().ok().and_then(since_epoch);
    let changed = changed.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX));
    Ok((found.len(), changed))
}

/// The checksum of a whole file.
pub(super) fn checksum_of_file(path: &Path) -> io::Result<String> {
    let mut checksum = Checksum::default();
    io::copy(&mut File::open(path)?, &mut checksum)?;
    Ok(checksum.hex())
}
