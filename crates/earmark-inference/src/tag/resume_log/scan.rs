//! Which recordings a resume log has, after a kill at any moment.

use super::entry::{FileStamp, TagLogEntry, TagOutcome};
use std::collections::HashMap;
use std::io::{self, BufRead};

/// The place of a recording in the resume log.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSpan {
    pub start: u64,
    pub end: u64,
    pub stamp: FileStamp,
    pub tagged: bool,
}

/// Adds the span of an entry; the newest of a recording counts.
pub(super) fn insert(spans: &mut HashMap<String, LogSpan>, entry: &TagLogEntry, start: u64, end: u64) {
    let span = LogSpan {
        start,
        end,
        stamp: entry.stamp,
        tagged: matches!(entry.outcome, TagOutcome::Tagged(_)),
    };
    spans.insert(entry.outcome.file().to_owned(), span);
}

/// Reads after the header up to the first line that is damaged or belongs to no entry. Returns the spans of recordings and the
/// length of the valid part.
pub(super) fn scan(lines: &mut impl BufRead, header: u64) -> io::Result<(HashMap<String, LogSpan>, u64)> {
    let mut spans = HashMap::new();
    let (mut at, mut valid) = (header, header);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
            break;
        }
        at += line.len() as u64;
        // Scores of windows are parsed when they are used.
        if line.starts_with(b"{\"start\":") {
            continue;
        }
        let Ok(entry) = serde_json::from_slice::<TagLogEntry>(&line) else {
            break;
        };
        insert(&mut spans, &entry, valid, at);
        valid = at;
    }
    Ok((spans, valid))
}
