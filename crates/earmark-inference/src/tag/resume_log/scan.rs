//! Which recordings a resume log has, after a kill at any moment or a flipped bit anywhere.

use super::begun::BegunRecordings;
use super::entry::{EntryLine, FileStamp, LeftLine, ReachedLine, TagLogEntry, TagOutcome, WindowBytes};
use earmark_core::checksum::{Checksum, Seal, check_seal};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

/// The place of a recording in the resume log.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSpan {
    pub start: u64,
    pub end: u64,
    pub stamp: FileStamp,
    pub tagged: bool,
}

/// What a resume log holds.
#[derive(Debug, Default)]
pub(super) struct LogContent {
    pub spans: HashMap<String, LogSpan>,
    pub begun: BegunRecordings,
    /// Bytes up to the end of the last whole record; what follows was torn.
    pub valid: u64,
    /// Where, before that, nothing is whole.
    pub damaged: Vec<Range<u64>>,
    /// Damaged lines that were torn off with the rest, in bytes.
    pub damaged_tail: u64,
}

/// Adds the span of an entry; the newest of a recording counts.
pub(super) fn insert(spans: &mut HashMap<String, LogSpan>, entry: &TagLogEntry, start: u64, end: u64) {
    let span = LogSpan {
        start,
        end,
        stamp: entry.stamp,
        tagged: matches!(entry.outcome, TagOutcome::Tagged(_)),
    };
    let file = entry.outcome.file().to_owned();
    let newest = spans.entry(file).or_insert(span);
    if newest.start < start {
        *newest = span;
    }
}

/// Reads after the header, which is `header` bytes long; in a `sealed` log every line has a checksum.
pub(super) fn scan(file: &File, header: u64, sealed: bool) -> io::Result<LogContent> {
    let mut from = file;
    from.seek(SeekFrom::Start(header))?;
    let mut lines = BufReader::with_capacity(1 << 16, from);
    let mut scan = Scan::new(header, sealed);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
            break;
        }
        scan.line(&line);
    }
    scan.finish(file)
}

/// An entry behind damaged lines: whether the windows before it are whole is to be seen.
struct Doubtful {
    entry: TagLogEntry,
    windows: WindowBytes,
    /// First byte of the windows, of the entry and behind it.
    places: [u64; 3],
}

struct Scan {
    content: LogContent,
    sealed: bool,
    /// Behind the last line, and behind the last record.
    at: u64,
    record: u64,
    /// The checksum of what lies between.
    between: Checksum,
    /// Bytes of damaged lines in it.
    damaged: u64,
    doubtful: Vec<Doubtful>,
}

impl Scan {
    fn new(header: u64, sealed: bool) -> Self {
        Self {
            content: LogContent {
                valid: header,
                ..LogContent::default()
            },
            sealed,
            at: header,
            record: header,
            between: Checksum::default(),
            damaged: 0,
            doubtful: Vec::new(),
        }
    }

    fn line(&mut self, line: &[u8]) {
        let start = self.at;
        self.at += line.len() as u64;
        // Scores of windows are parsed when they are used, and checked with their entry.
        if line.starts_with(b"{\"start\":") {
            self.between.update(line);
        } else if line.trim_ascii().is_empty() {
            // A damaged part that an earlier process has reported and wiped.
            self.content.damaged.push(self.record..start);
            self.begin_record();
        } else if !self.is_whole(line) || !self.record(line, start) {
            self.between.update(line);
            self.damaged += line.len() as u64;
        }
    }

    fn is_whole(&self, line: &[u8]) -> bool {
        match check_seal(line) {
            Seal::Whole => true,
            Seal::Missing => !self.sealed,
            Seal::Broken => false,
        }
    }

    /// Takes a line that belongs to no window; false if this program does not write such lines.
    fn record(&mut self, line: &[u8], start: u64) -> bool {
        let begun = &mut self.content.begun;
        if line.starts_with(b"{\"begun\":") {
            let Ok(line) = serde_json::from_slice(line) else {
                return false;
            };
            begun.begin(line);
        } else if line.starts_with(b"{\"at\":") {
            let Ok(ReachedLine { at, windows }) = serde_json::from_slice(line) else {
                return false;
            };
            begun.reached(&at, windows);
        } else if line.starts_with(b"{\"left\":") {
            let Ok(LeftLine { left }) = serde_json::from_slice(line) else {
                return false;
            };
            left.iter().for_each(|file| begun.leave(file));
        } else {
            let Ok(line) = serde_json::from_slice::<EntryLine<TagLogEntry>>(line) else {
                return false;
            };
            if !line.given_up {
                begun.forget(line.entry.outcome.file());
            }
            self.entry(line.entry, line.windows, start);
            return true;
        }
        if start > self.record {
            self.content.damaged.push(self.record..start);
        }
        self.end_record();
        true
    }

    fn entry(&mut self, entry: TagLogEntry, windows: Option<WindowBytes>, start: u64) {
        let before = start - self.record;
        let whole = match &windows {
            // Earlier versions don't say which windows are the entry's: all are, unless something is damaged.
            None if !self.sealed => self.damaged == 0,
            None => before == 0,
            Some(windows) => windows.bytes == before && windows.checksum == self.between.hex(),
        };
        let windows = windows.unwrap_or_default();
        if whole {
            insert(&mut self.content.spans, &entry, self.record, self.at);
        } else if self.sealed && windows.bytes < before {
            let first = start - windows.bytes;
            self.content.damaged.push(self.record..first);
            self.doubtful.push(Doubtful {
                entry,
                windows,
                places: [first, start, self.at],
            });
        } else {
            self.content.damaged.push(self.record..self.at);
        }
        self.end_record();
    }

    fn end_record(&mut self) {
        self.begin_record();
        self.content.valid = self.at;
    }

    fn begin_record(&mut self) {
        self.record = self.at;
        self.between = Checksum::default();
        self.damaged = 0;
    }

    fn finish(mut self, mut file: &File) -> io::Result<LogContent> {
        for Doubtful {
            entry,
            windows,
            places: [start, line, end],
        } in self.doubtful
        {
            let mut found = Checksum::default();
            file.seek(SeekFrom::Start(start))?;
            io::copy(&mut file.take(line - start), &mut found)?;
            if start == line || found.hex() == windows.checksum {
                insert(&mut self.content.spans, &entry, start, end);
            } else {
                self.content.damaged.push(start..end);
            }
        }
        self.content.damaged.retain(|range| !range.is_empty());
        self.content.damaged_tail = self.damaged;
        Ok(self.content)
    }
}
