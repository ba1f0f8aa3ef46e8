//! Logs of one JSON value per line (`metrics.jsonl`) that can be cut back to a checkpoint.
//!
//! Each object is sealed with a checksum ([`seal`]); lines of earlier versions, without one, are read as well.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::atomic::{self, WriteError};
use crate::checksum::{Seal, check_seal, seal};

/// An open log; each [`append`](Self::append) adds one whole line with one write.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
}

impl JsonLines {
    /// Opens the log at `path` for appending, or starts it, after cutting what a killed run left behind: a torn last
    /// line, and every line that `keep` refuses (those later than the checkpoint that the run resumes from).
    ///
    /// The cut is atomic: a log is never half cut.
    ///
    /// # Errors
    ///
    /// When the file can't be read or written, or when a line before the last is not JSON or not the one that was sealed: no killed
    /// run leaves that, so the file is damaged or foreign, and nothing is cut.
    pub fn open_cut(path: &Path, keep: impl Fn(&serde_json::Value) -> bool) -> Result<Self, WriteError> {
        let failed = |cause| WriteError::new(path, cause);
        let old = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let kept = kept_lines(&old, keep).map_err(failed)?;
        if kept != old {
            atomic::write(path, |writer| writer.write_all(&kept))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
        })
    }

    /// Adds one line.
    ///
    /// # Errors
    ///
    /// When `value` can't be written as JSON, or the disk fails.
    pub fn append(&mut self, value: &impl Serialize) -> Result<(), WriteError> {
        let json = serde_json::to_string(value).map_err(|error| WriteError::new(&self.path, error.into()))?;
        let line = seal(json) + "\n";
        self.file
            .write_all(line.as_bytes())
            .map_err(|error| WriteError::new(&self.path, error))
    }

    /// Waits until every line is on the disk: before a checkpoint that counts on them.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.file
            .sync_data()
            .map_err(|error| WriteError::new(&self.path, error))
    }
}

fn kept_lines(old: &[u8], keep: impl Fn(&serde_json::Value) -> bool) -> io::Result<Vec<u8>> {
    let mut kept = Vec::with_capacity(old.len());
    for (index, line) in old.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let (content, ended) = match line.split_last() {
            Some((b'\n', content)) => (content, true),
            _ => (line, false),
        };
        if content.trim_ascii().is_empty() {
            continue;
        }
        match check_seal(content) == Seal::Broken {
            true if ended => return Err(damaged_line(index, "is damaged: its checksum differs")),
            // What a killed run was writing.
            true => continue,
            false => {}
        }
        match serde_json::from_slice::<serde_json::Value>(content) {
            // A torn number still reads as a number; only what closes itself is known to be whole.
            Ok(value) if ended || value.is_object() || value.is_array() => {
                if keep(&value) {
                    kept.extend_from_slice(content);
                    kept.push(b'\n');
                }
            }
            _ if !ended => {}
            Err(error) => return Err(damaged_line(index, &format!("is not JSON ({error})"))),
            Ok(_) => {}
        }
    }
    Ok(kept)
}

fn damaged_line(index: usize, what: &str) -> io::Error {
    let line = index + 1;
    let message = format!("line {line} {what}: remove that line, or move the file away");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
