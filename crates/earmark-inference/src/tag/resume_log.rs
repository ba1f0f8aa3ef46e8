//! The journal of a hearing: what is done, so that an interrupted one goes on.
//!
//! A text file beside the output, one JSON value a line: first the settings, then for each recording the scores of its windows (if
//! they are kept) and an entry that closes it. All lines of a recording are written one after the other, the entry last, so that
//! whatever a kill leaves behind is told by its lack of an entry, and cut off when the journal is opened again. Tables are made from
//! the journal; it is the truth about what is done, and there is no second one that could differ.
//!
//! Settings that change results must be those of before. The recordings may be others: an entry is used where the file still has its
//! size and time; failures are tried again.

use super::TagError;
use super::result::TagResult;
use super::scratch::ScratchFile;
use earmark_core::atomic::{WriteError, crash_point, crash_point_is_set};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Version of the journal's layout.
const FORMAT: u32 = 1;

/// A power cut costs no more than what was heard in this time.
const SYNC_EVERY: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "earmark-tag")]
    format: u32,
    settings: Vec<(String, String)>,
}

/// Size and time of a file: where both are the same, it is taken to hold the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Last change, in nanoseconds since 1970; 0 where the system does not tell.
    pub changed: u64,
}

impl Stamp {
    /// That of a file; `None` where there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        let changed = found
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Some(Self {
            size: found.len(),
            changed: changed.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
        })
    }
}

/// What closes a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The file when it was read.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was found in it.
    #[serde(rename = "heard")]
    Tagged(TagResult),
    /// It can't be read.
    Failed {
        /// Its name.
        file: String,
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Name of the file.
    pub fn file(&self) -> &str {
        match self {
            Self::Tagged(heard) => &heard.file,
            Self::Failed { file, .. } => file,
        }
    }
}

/// Where a recording stands in the journal.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u64,
    end: u64,
    stamp: Stamp,
    heard: bool,
}

/// An open journal; no other process has it.
#[derive(Debug)]
pub struct ResumeLog {
    path: PathBuf,
    file: File,
    length: u64,
    places: HashMap<String, Place>,
    synced: Instant,
}

impl ResumeLog {
    /// Opens the journal at `path` to go on with it, or begins one; `fresh` begins it anew.
    ///
    /// # Errors
    /// A file that is no journal, is in use, was begun with other settings, or can't be read or written.
    pub fn open(path: &Path, settings: &[(String, String)], fresh: bool) -> Result<Self, TagError> {
        let file = lock(path)?;
        let read = |cause| TagError::Read {
            path: path.to_path_buf(),
            cause,
        };
        let mut journal = Self {
            path: path.to_path_buf(),
            file,
            length: 0,
            places: HashMap::new(),
            synced: Instant::now(),
        };
        let mut lines = BufReader::with_capacity(1 << 16, &journal.file);
        let mut first = Vec::new();
        lines.read_until(b'\n', &mut first).map_err(read)?;
        let header: Option<Header> = serde_json::from_slice(&first).ok();
        match header {
            // Killed before its first line was whole, or just made.
            _ if !first.ends_with(b"\n") && begins_as_header(&first) => {
                drop(lines);
                journal.begin(settings)?;
            }
            None => return Err(TagError::Foreign(path.to_path_buf())),
            Some(_) if fresh => {
                drop(lines);
                journal.begin(settings)?;
            }
            Some(header) => {
                check(path, &header, settings)?;
                let (places, good) = scan(&mut lines, first.len() as u64).map_err(read)?;
                drop(lines);
                journal.places = places;
                journal.cut(good)?;
            }
        }
        Ok(journal)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a recording has been heard, when its file was as it is now.
    pub fn has(&self, file: &str, now: Option<Stamp>) -> bool {
        self.places
            .get(file)
            .is_some_and(|place| place.heard && Some(place.stamp) == now)
    }

    /// How many recordings have an entry.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds a recording.
    pub(super) fn add(&mut self, entry: &Entry, lines: &mut ScratchFile) -> Result<(), TagError> {
        crash_point("tag-heard");
        let start = self.length;
        let mut last = serde_json::to_vec(entry).map_err(|e| self.failed(e.into()))?;
        last.push(b'\n');
        let written = self.write(&last, lines);
        match written {
            Ok(length) => self.length += length,
            Err(cause) => {
                // What is there of it goes; should that fail too, opening the journal again does it.
                let _ = self.file.set_len(start);
                return Err(self.failed(cause));
            }
        }
        self.places.insert(
            entry.outcome.file().to_owned(),
            Place {
                start,
                end: self.length,
                stamp: entry.stamp,
                heard: matches!(entry.outcome, Outcome::Tagged(_)),
            },
        );
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        crash_point("tag-journaled");
        Ok(())
    }

    fn write(&mut self, last: &[u8], lines: &mut ScratchFile) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(self.length))?;
        let before = io::copy(&mut lines.reader()?, &mut self.file)?;
        if crash_point_is_set("tag-half") {
            let (a, b) = last.split_at(last.len() / 2);
            self.file.write_all(a)?;
            crash_point("tag-half");
            self.file.write_all(b)?;
        } else {
            self.file.write_all(last)?;
        }
        Ok(before + last.len() as u64)
    }

    /// Waits until everything is on the disk.
    pub fn sync(&mut self) -> Result<(), TagError> {
        self.file.sync_data().map_err(|e| self.failed(e))?;
        self.synced = Instant::now();
        Ok(())
    }

    /// Calls `each` with a recording's entry and the lines of its windows; `None` without an entry.
    pub fn read<T>(
        &self,
        file: &str,
        each: impl FnOnce(&Entry, &mut dyn BufRead) -> io::Result<T>,
    ) -> Result<Option<T>, TagError> {
        let Some(place) = self.places.get(file) else {
            return Ok(None);
        };
        let read = |cause| TagError::Read {
            path: self.path.clone(),
            cause,
        };
        let (entry, lines) = self.lines_of(place).map_err(read)?;
        let mut from = &self.file;
        from.seek(SeekFrom::Start(place.start)).map_err(read)?;
        let mut lines = BufReader::new(from.take(lines));
        // What `each` writes to is another file: its errors are the caller's.
        Ok(Some(each(&entry, &mut lines)?))
    }

    /// The entry of a place, and how many bytes of windows stand before it.
    fn lines_of(&self, place: &Place) -> io::Result<(Entry, u64)> {
        // Long enough for nearly all; else it is read whole.
        let mut wanted = (1 << 16).min(place.end - place.start);
        loop {
            let mut from = &self.file;
            from.seek(SeekFrom::Start(place.end - wanted))?;
            let mut tail = vec![0; wanted as usize];
            from.read_exact(&mut tail)?;
            let body = &tail[..tail.len() - 1];
            let begin = body.iter().rposition(|b| *b == b'\n').map(|i| i + 1);
            match begin {
                None if wanted < place.end - place.start => {
                    wanted = (wanted * 8).min(place.end - place.start);
                }
                begin => {
                    let begin = begin.unwrap_or(0);
                    let entry = serde_json::from_slice(&body[begin..])?;
                    let windows = place.end - place.start - wanted + begin as u64;
                    return Ok((entry, windows));
                }
            }
        }
    }

    /// Removes the journal: what it is for is done.
    pub fn remove(self) -> Result<(), TagError> {
        let path = self.path.clone();
        // Windows removes no file that is open.
        drop(self);
        std::fs::remove_file(&path).map_err(|e| WriteError::new(&path, e).into())
    }

    fn begin(&mut self, settings: &[(String, String)]) -> Result<(), TagError> {
        self.cut(0)?;
        let header = Header {
            format: FORMAT,
            settings: settings.to_vec(),
        };
        let mut line = serde_json::to_vec(&header).map_err(|e| self.failed(e.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|e| self.failed(e))?;
        self.length = line.len() as u64;
        self.sync()
    }

    fn cut(&mut self, length: u64) -> Result<(), TagError> {
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

/// Opens and locks a file; it is the one at `path` when that is done.
fn lock(path: &Path) -> Result<File, TagError> {
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|e| WriteError::new(path, e))?;
        match file.try_lock() {
            // Another process may have finished, and removed it, between the two.
            Ok(()) if path.exists() => return Ok(file),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TagError::Locked(path.to_path_buf())),
            Err(TryLockError::Error(e)) => return Err(WriteError::new(path, e).into()),
        }
    }
}

/// Whether these bytes are the beginning of a journal's first line, perhaps none of it.
fn begins_as_header(bytes: &[u8]) -> bool {
    const START: &[u8] = b"{\"earmark-tag\":";
    let n = bytes.len().min(START.len());
    bytes[..n] == START[..n]
}

fn check(path: &Path, header: &Header, now: &[(String, String)]) -> Result<(), TagError> {
    let other = |key: &str, then: &str, now: &str| TagError::OtherSettings {
        path: path.to_path_buf(),
        key: key.to_owned(),
        then: shortened(then),
        now: shortened(now),
    };
    if header.format != FORMAT {
        return Err(other(
            "journal format",
            &header.format.to_string(),
            &FORMAT.to_string(),
        ));
    }
    for (key, value) in now {
        let then = header
            .settings
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str());
        if then != Some(value) {
            return Err(other(key, then.unwrap_or("nothing"), value));
        }
    }
    Ok(())
}

/// Hashes and lists of classes are long.
fn shortened(value: &str) -> String {
    const MOST: usize = 60;
    match value.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &value[..at]),
        None => value.to_owned(),
    }
}

/// Reads on behind the header, up to what is no line of a journal or belongs to no entry. Returns where recordings stand, and the
/// length of what is good.
fn scan(lines: &mut impl BufRead, header: u64) -> io::Result<(HashMap<String, Place>, u64)> {
    let mut places = HashMap::new();
    let (mut at, mut good) = (header, header);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
            break;
        }
        at += line.len() as u64;
        // Lines of windows are many, and are looked at when they are used.
        if line.starts_with(b"{\"start\":") {
            continue;
        }
        let Ok(entry) = serde_json::from_slice::<Entry>(&line) else {
            break;
        };
        places.insert(
            entry.outcome.file().to_owned(),
            Place {
                start: good,
                end: at,
                stamp: entry.stamp,
                heard: matches!(entry.outcome, Outcome::Tagged(_)),
            },
        );
        good = at;
    }
    Ok((places, good))
}

#[cfg(test)]
mod tests;
