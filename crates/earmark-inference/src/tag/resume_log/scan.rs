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
        spans.insert(
            entry.outcome.file().to_owned(),
            LogSpan {
                start: valid,
                end: at,
                stamp: entry.stamp,
                tagged: matches!(entry.outcome, TagOutcome::Tagged(_)),
            },
        );
        valid = at;
    }
    Ok((spans, valid))
}
