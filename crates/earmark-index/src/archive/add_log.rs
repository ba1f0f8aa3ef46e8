//! Recordings that are embedded and not yet in a shard: one append per recording, so that a process that is killed
//! loses no more than what it was working on.
//!
//! An entry is the length of its head (four bytes, little-endian), the head (the recording and a checksum of its
//! vectors, as sealed JSON), and the vectors as float32.

use super::recording::IndexedRecording;
use super::shard_files::floats_of;
use crate::EmbeddingsError;
use earmark_core::atomic::{crash_point, crash_point_is_set};
use earmark_core::checksum::{Checksum, Seal, check_seal, seal};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The log of an index.
pub(super) fn path_of(folder: &Path) -> PathBuf {
    folder.join("adding.log")
}

/// The head of an entry.
#[derive(Serialize, Deserialize)]
struct EntryHead {
    #[serde(flatten)]
    recording: IndexedRecording,
    /// Checksum of the bytes of its vectors.
    vectors: String,
}

/// A recording and its vectors.
pub(super) type LoggedRecording = (IndexedRecording, Vec<f32>);

/// An open log.
#[derive(Debug)]
pub(super) struct AddLog {
    path: PathBuf,
    file: File,
}

/// What was found in a log.
#[derive(Debug)]
pub(super) struct FoundEntries {
    pub recordings: Vec<LoggedRecording>,
    /// Bytes after the last whole entry.
    pub torn_bytes: u64,
}

impl AddLog {
    /// Opens or starts the log of an index, and cuts off what a killed process left half written.
    pub fn open(folder: &Path, width: usize) -> Result<(Self, FoundEntries), EmbeddingsError> {
        let path = path_of(folder);
        let failed = |e: io::Error| EmbeddingsError::new(&path, format!("cannot be opened: {e}"));
        let found = read(folder, width)?;
        // Not opened for appending, where some systems don't let a file be cut.
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let mut file = file.map_err(failed)?;
        let whole = file.metadata().map_err(failed)?.len() - found.torn_bytes;
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok((Self { path, file }, found))
    }

    /// Appends a recording.
    pub fn append(&mut self, recording: &IndexedRecording, vectors: &[f32]) -> Result<(), EmbeddingsError> {
        let bytes: Vec<u8> = vectors.iter().flat_map(|value| value.to_le_bytes()).collect();
        let head = EntryHead {
            recording: recording.clone(),
            vectors: Checksum::of(&bytes),
        };
        let mut append = || -> io::Result<()> {
            let head = seal(serde_json::to_string(&head)?);
            let length = u32::try_from(head.len()).map_err(io::Error::other)?;
            let entry = [&length.to_le_bytes()[..], head.as_bytes(), &bytes].concat();
            // Only under the test hook is an entry written in two.
            let cut = match crash_point_is_set("index-half") {
                true => entry.len() / 2,
                false => entry.len(),
            };
            self.file.write_all(&entry[..cut])?;
            crash_point("index-half");
            self.file.write_all(&entry[cut..])
        };
        append().map_err(|e| {
            let problem = format!("cannot be written: {e}; free some space, then run the command again");
            EmbeddingsError::new(&self.path, problem)
        })?;
        crash_point("index-logged");
        Ok(())
    }

    /// Waits until all entries are on the disk.
    pub fn sync(&self) -> Result<(), EmbeddingsError> {
        let failed = |e: io::Error| EmbeddingsError::new(&self.path, format!("cannot be written: {e}"));
        self.file.sync_data().map_err(failed)
    }

    /// Empties the log, when all of it is in shards.
    pub fn clear(&mut self) -> Result<(), EmbeddingsError> {
        let failed = |e: io::Error| EmbeddingsError::new(&self.path, format!("cannot be emptied: {e}"));
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .map_err(failed)
    }
}

/// The whole entries of a log.
pub(super) fn read(folder: &Path, width: usize) -> Result<FoundEntries, EmbeddingsError> {
    let path = path_of(folder);
    let failed = |e: io::Error| EmbeddingsError::new(&path, format!("cannot be read: {e}"));
    let mut found = FoundEntries {
        recordings: Vec::new(),
        torn_bytes: 0,
    };
    let mut file = match File::open(&path) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(found),
        Err(e) => return Err(failed(e)),
    };
    let size = file.get_ref().metadata().map_err(failed)?.len();
    let mut whole = 0;
    while whole < size {
        match entry(&mut file, size - whole, width) {
            Ok(Some((recording, length))) => {
                found.recordings.push(recording);
                whole += length;
            }
            Ok(None) => break,
            Err(e) => return Err(failed(e)),
        }
    }
    found.torn_bytes = size - whole;
    Ok(found)
}

/// Reads an entry, and how long it is; `None` where it is torn or damaged.
fn entry(file: &mut impl Read, left: u64, width: usize) -> io::Result<Option<(LoggedRecording, u64)>> {
    let mut length = [0; 4];
    if left < length.len() as u64 {
        return Ok(None);
    }
    file.read_exact(&mut length)?;
    let left = left - length.len() as u64;
    let head_bytes = u64::from(u32::from_le_bytes(length));
    if head_bytes > left {
        return Ok(None);
    }
    let mut head = vec![0; head_bytes as usize];
    file.read_exact(&mut head)?;
    if check_seal(&head) != Seal::Whole {
        return Ok(None);
    }
    let Ok(head) = serde_json::from_slice::<EntryHead>(&head) else {
        return Ok(None);
    };
    let count = head.recording.windows.saturating_mul(width).saturating_mul(4);
    if count as u64 > left - head_bytes {
        return Ok(None);
    }
    let mut bytes = vec![0; count];
    file.read_exact(&mut bytes)?;
    if Checksum::of(&bytes) != head.vectors {
        return Ok(None);
    }
    let vectors = floats_of(&bytes).collect();
    let length = length.len() as u64 + head_bytes + count as u64;
    Ok(Some(((head.recording, vectors), length)))
}
