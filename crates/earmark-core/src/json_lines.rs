//! Logs of one JSON value per line (`metrics.jsonl`) that can be cut back to a checkpoint.
//!
//! Each object is sealed with a checksum ([`seal`]), which is compared wherever a log is read ([`log_lines`]); lines of
//! earlier versions, without one, are read as well.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

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
    /// When the file can't be read or written, or when a line before the last is not JSON or not the one that was
    /// sealed: no killed run leaves that, so the file is damaged or foreign, and nothing is cut.
    pub fn open_cut(path: &Path, keep: impl Fn(&Value) -> bool) -> Result<Self, WriteError> {
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

fn kept_lines(old: &[u8], keep: impl Fn(&Value) -> bool) -> io::Result<Vec<u8>> {
    let mut kept = Vec::with_capacity(old.len());
    for line in log_lines(old) {
        let value = line.value.map_err(|what| damaged_line(line.number, &what))?;
        if keep(&value) {
            kept.extend_from_slice(line.content);
            kept.push(b'\n');
        }
    }
    Ok(kept)
}

/// A line of a log.
#[derive(Debug)]
pub struct LogLine<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// Its bytes, without the line break.
    pub content: &'a [u8],
    /// Its value, or what is wrong with it: it is not the one that was sealed, or not JSON.
    pub value: Result<Value, String>,
}

/// The lines of a log. One that a killed process was writing, or that another process is writing now, is not among
/// them: the last one, where it is torn ([`torn_line`]).
pub fn log_lines(log: &[u8]) -> impl Iterator<Item = LogLine<'_>> {
    let lines = log.split_inclusive(|&byte| byte == b'\n').enumerate();
    lines.filter_map(|(index, line)| {
        let (content, ended) = content_of(line);
        if content.trim_ascii().is_empty() || !ended && is_torn(content) {
            return None;
        }
        let parsed = serde_json::from_slice::<Value>(content);
        let value = match (check_seal(content), parsed) {
            (Seal::Broken, _) => Err("is damaged: its checksum differs".to_owned()),
            (_, Err(error)) => Err(format!("is not JSON ({error})")),
            (_, Ok(value)) => Ok(value),
        };
        let number = index + 1;
        Some(LogLine {
            number,
            content,
            value,
        })
    })
}

/// The last line of a log where it is torn, with its number from 1: a process was killed while it wrote it or writes it
/// now, or a copy of the file was not finished.
pub fn torn_line(log: &[u8]) -> Option<(usize, &[u8])> {
    let lines = log.split_inclusive(|&byte| byte == b'\n').enumerate();
    let (index, line) = lines.last()?;
    let (content, ended) = content_of(line);
    let is_torn = !ended && !content.trim_ascii().is_empty() && is_torn(content);
    is_torn.then_some((index + 1, content))
}

/// The content of a line, and whether the line was written to its end.
fn content_of(line: &[u8]) -> (&[u8], bool) {
    match line.split_last() {
        Some((b'\n', content)) => (content, true),
        // Only the line break is damaged.
        Some((_, content)) if content.ends_with(b"}") && check_seal(content) == Seal::Whole => {
            (content, true)
        }
        _ => (line, false),
    }
}

/// Whether a line without an end lacks a part. A torn number still reads as a number; only what closes itself is known
/// to be whole.
fn is_torn(content: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(content) {
        Ok(value) => !value.is_object() && !value.is_array(),
        Err(_) => true,
    }
}

fn damaged_line(line: usize, what: &str) -> io::Error {
    let message = format!("line {line} {what}: remove that line, or move the file away");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
