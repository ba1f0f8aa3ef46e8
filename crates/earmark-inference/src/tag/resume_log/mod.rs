//! The resume log of a tagging job: what is done, so that an interrupted job can continue.
//!
//! A text file next to the output, one JSON value per line: first the settings, then for each recording the scores of
//! its windows (if they are kept) and an entry. All lines of a recording are written together, the entry last, so that
//! lines without an entry are recognised as the rest of a killed process and cut off when the log is opened again.
//! Outputs are made from the log; nothing else records what is done.
//!
//! Each line carries a checksum, and an entry that of its windows: what is damaged is wiped when the log is opened and
//! done again, and everything else is kept. A recording that is begun is noted before it is read, so that one that ends
//! the program is known to the next (`begun.rs` says when a recording is blamed for that).
//!
//! Settings that change results must be the same as before. The recordings may differ: an entry is used if the file
//! still has its size and time; failures are tried again.

mod begun;
mod damage;
mod entry;
mod header;
mod lock;
mod scan;
mod summed_writer;

pub(super) use begun::{Deaths, NOTE_EVERY};
pub use entry::{FileStamp, TagLogEntry, TagOutcome};
pub(super) use header::{TIME_AND_PLACE, key_of_words};

use super::TagError;
use super::scratch_file::ScratchFile;
use begun::BegunRecordings;
use earmark_core::atomic::{WriteError, crash_point, crash_point_is_set};
use earmark_core::checksum::{Checksum, seal};
use entry::{EntryLine, WindowBytes};
use header::{FORMAT, LogHeader, check_settings, is_damaged, starts_as_header};
use lock::lock;
use scan::{LogSpan, insert, scan};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use summed_writer::SummedWriter;

/// A power cut loses at most what was tagged in this time.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// An open resume log, locked against other processes.
#[derive(Debug)]
pub struct ResumeLog {
    path: PathBuf,
    file: File,
    length: u64,
    spans: HashMap<String, LogSpan>,
    /// Recordings in which earlier processes ended.
    begun: BegunRecordings,
    /// Recordings that this process is at.
    at_work: BTreeSet<String>,
    /// What was found damaged, in words.
    damage: Option<String>,
    synced: Instant,
}

impl ResumeLog {
    /// Opens the resume log at `path` to resume from it, or starts one; `fresh` starts over.
    ///
    /// # Errors
    ///
    /// For a file that is not a resume log, is in use, was started with other settings, or can't be read or written.
    pub fn open(path: &Path, settings: &[(String, String)], fresh: bool) -> Result<Self, TagError> {
        let file = lock(path)?;
        let read = |cause| TagError::Read {
            path: path.to_path_buf(),
            cause,
        };
        let mut log = Self {
            path: path.to_path_buf(),
            file,
            length: 0,
            spans: HashMap::new(),
            begun: BegunRecordings::default(),
            at_work: BTreeSet::new(),
            damage: None,
            synced: Instant::now(),
        };
        let mut lines = BufReader::with_capacity(1 << 16, &log.file);
        let mut first = Vec::new();
        lines.read_until(b'\n', &mut first).map_err(read)?;
        let header: Option<LogHeader> = serde_json::from_slice(&first).ok();
        // Just created, or killed before the first line was complete.
        let unbegun = !first.ends_with(b"\n") && starts_as_header(&first);
        drop(lines);
        match header {
            header if is_damaged(&first, header.as_ref()) => {
                log.damage = (!fresh).then(|| "its first line; all is done again".to_owned());
                log.write_header(settings)?;
            }
            None if !unbegun => return Err(TagError::Foreign(path.to_path_buf())),
            Some(header) if !unbegun && !fresh => {
                check_settings(path, &header, settings)?;
                let content = scan(&log.file, first.len() as u64, header.is_sealed());
                log.keep_whole(content.map_err(read)?)?;
            }
            _ => log.write_header(settings)?,
        }
        Ok(log)
    }

    /// Adds a line by itself.
    fn append(&mut self, line: &impl Serialize) -> Result<(), TagError> {
        let json = serde_json::to_string(line).map_err(|e| self.failed(e.into()))?;
        let line = seal(json) + "\n";
        let start = self.length;
        let written = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.write_all(line.as_bytes()));
        written.map_err(|cause| self.cut_back(start, cause))?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// Cuts off a partial line; if that fails too, the next opening does it.
    fn cut_back(&self, length: u64, cause: io::Error) -> TagError {
        let _ = self.file.set_len(length);
        self.failed(cause)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an earlier process left anything about a recording.
    pub(super) fn mentions(&self, file: &str) -> bool {
        self.spans.contains_key(file) || self.begun.mentions(file)
    }

    /// Whether a recording was tagged and its file has not changed since.
    pub fn has(&self, file: &str, now: Option<FileStamp>) -> bool {
        self.spans
            .get(file)
            .is_some_and(|span| span.tagged && Some(span.stamp) == now)
    }

    /// How many recordings have an entry.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether no recording has one.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Adds a recording.
    pub(super) fn add(&mut self, entry: &TagLogEntry, lines: &mut ScratchFile) -> Result<(), TagError> {
        self.begun.forget(entry.outcome.file());
        self.add_entry(entry, lines, false)
    }

    /// Adds a recording that is not read, as processes died at it. That it is so is still known when the log is opened
    /// again.
    pub(super) fn give_up(&mut self, entry: &TagLogEntry) -> Result<(), TagError> {
        self.add_entry(entry, &mut ScratchFile::new(Path::new("")), true)
    }

    fn add_entry(
        &mut self,
        entry: &TagLogEntry,
        lines: &mut ScratchFile,
        given_up: bool,
    ) -> Result<(), TagError> {
        crash_point("tag-heard");
        let start = self.length;
        let written = self.write(entry, lines, given_up);
        self.length += written.map_err(|cause| self.cut_back(start, cause))?;
        insert(&mut self.spans, entry, start, self.length);
        self.at_work.remove(entry.outcome.file());
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        crash_point("tag-journaled");
        Ok(())
    }

    fn write(&mut self, entry: &TagLogEntry, lines: &mut ScratchFile, given_up: bool) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(self.length))?;
        let mut copy = SummedWriter {
            file: &mut self.file,
            sum: Checksum::default(),
        };
        let bytes = io::copy(&mut lines.reader()?, &mut copy)?;
        let checksum = copy.sum.hex();
        let windows = (bytes > 0).then_some(WindowBytes { bytes, checksum });
        let line = EntryLine {
            entry,
            windows,
            given_up,
        };
        let last = seal(serde_json::to_string(&line)?) + "\n";
        let last = last.as_bytes();
        if crash_point_is_set("tag-half") {
            let (a, b) = last.split_at(last.len() / 2);
            self.file.write_all(a)?;
            crash_point("tag-half");
            self.file.write_all(b)?;
        } else {
            self.file.write_all(last)?;
        }
        Ok(bytes + last.len() as u64)
    }

    /// Adds a recording as another log has it; false where that one does not have it.
    pub(super) fn copy_from(&mut self, other: &Self, file: &str) -> Result<bool, TagError> {
        let Some(span) = other.spans.get(file) else {
            return Ok(false);
        };
        let read = |cause| TagError::Read {
            path: other.path.clone(),
            cause,
        };
        let (entry, _) = other.lines_of(span).map_err(read)?;
        let mut from = &other.file;
        from.seek(SeekFrom::Start(span.start)).map_err(read)?;
        let start = self.length;
        let end = start + span.end - span.start;
        let written = self.file.seek(SeekFrom::Start(start));
        let written = written.and_then(|_| io::copy(&mut from.take(end - start), &mut self.file));
        written.map_err(|cause| self.cut_back(start, cause))?;
        self.length = end;
        insert(&mut self.spans, &entry, start, end);
        Ok(true)
    }

    /// Waits until everything is on disk.
    pub fn sync(&mut self) -> Result<(), TagError> {
        self.file.sync_data().map_err(|e| self.failed(e))?;
        self.synced = Instant::now();
        Ok(())
    }

    /// Calls `each` with a recording's entry and the scores of its windows; `None` without an entry.
    pub fn read<T>(
        &self,
        file: &str,
        each: impl FnOnce(&TagLogEntry, &mut dyn BufRead) -> io::Result<T>,
    ) -> Result<Option<T>, TagError> {
        let Some(span) = self.spans.get(file) else {
            return Ok(None);
        };
        let read = |cause| TagError::Read {
            path: self.path.clone(),
            cause,
        };
        let (entry, lines) = self.lines_of(span).map_err(read)?;
        let mut from = &self.file;
        from.seek(SeekFrom::Start(span.start)).map_err(read)?;
        let mut lines = BufReader::new(from.take(lines));
        // Errors of `each` are those of the file that it writes to.
        Ok(Some(each(&entry, &mut lines)?))
    }

    /// The entry of a recording, and the number of bytes of windows before it.
    fn lines_of(&self, span: &LogSpan) -> io::Result<(TagLogEntry, u64)> {
        // Long enough for nearly all entries; longer ones are read in larger pieces.
        let mut wanted = (1 << 16).min(span.end - span.start);
        loop {
            let mut from = &self.file;
            from.seek(SeekFrom::Start(span.end - wanted))?;
            let mut tail = vec![0; wanted as usize];
            from.read_exact(&mut tail)?;
            let body = &tail[..tail.len() - 1];
            let start = body.iter().rposition(|b| *b == b'\n').map(|i| i + 1);
            match start {
                None if wanted < span.end - span.start => {
                    wanted = (wanted * 8).min(span.end - span.start);
                }
                start => {
                    let start = start.unwrap_or(0);
                    let entry = serde_json::from_slice(&body[start..])?;
                    let windows = span.end - span.start - wanted + start as u64;
                    return Ok((entry, windows));
                }
            }
        }
    }

    /// Removes the resume log: everything is done.
    pub fn remove(self) -> Result<(), TagError> {
        let path = self.path.clone();
        // Windows can't remove an open file.
        drop(self);
        std::fs::remove_file(&path).map_err(|e| WriteError::new(&path, e).into())
    }

    fn write_header(&mut self, settings: &[(String, String)]) -> Result<(), TagError> {
        self.truncate(0)?;
        let header = LogHeader {
            format: FORMAT,
            settings: settings.to_vec(),
        };
        self.append(&header)?;
        self.sync()
    }

    fn truncate(&mut self, length: u64) -> Result<(), TagError> {
        self.file
            .set_len(length)
            .and_then(|()| self.file.seek(SeekFrom::Start(length)))
            .map_err(|e| self.failed(e))?;
        self.length = length;
        Ok(())
    }

    fn failed(&self, cause: io::Error) -> TagError {
        WriteError::new(&self.path, cause).into()
    }
}

#[cfg(test)]
mod tests;
