//! Recordings that were begun: which of them earlier processes died at, and which of them is the likely reason.
//!
//! A process may be ended by a recording, or from outside: by a scheduler, the system or a power cut. So a recording is
//! not blamed for a process that died while it was in work. It is tried again alone, after all others, and how far it
//! gets is noted every [`NOTE_EVERY`] windows. What is wrong with a recording ends every process at the same place; who
//! ends processes from outside hits another one. A process that is asked to end says so in the log, and is not counted.

use super::ResumeLog;
use super::entry::{BegunLine, FileStamp, LeftLine, ReachedLine};
use crate::tag::TagError;
use earmark_core::atomic::crash_point;
use std::collections::HashMap;

/// Windows from one note to the next of how far a recording is. The decoder may be this far ahead of what is scored.
pub(in crate::tag) const NOTE_EVERY: u64 = 64;

/// Deaths alone at a recording after which it is given up wherever they were: the others must not wait for it for ever.
const MOST_ALONE: usize = 5;

/// The processes that died while a recording was in work, since its file has its size and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tag) struct Deaths {
    /// Those that had others in work as well, or had it in work for the first time.
    pub among_others: usize,
    /// How many windows were noted as done in each of those that tried it again, alone.
    pub alone: Vec<u64>,
}

impl Deaths {
    /// Whether no process died at it.
    pub fn is_empty(&self) -> bool {
        self.among_others == 0 && self.alone.is_empty()
    }

    /// Whether two in a row, alone, were at the same place.
    pub fn are_at_one_place(&self) -> bool {
        let same = |pair: &[u64]| pair[0].abs_diff(pair[1]) <= NOTE_EVERY;
        self.alone.windows(2).any(same)
    }

    /// Whether the recording is to be given up.
    pub fn are_too_many(&self) -> bool {
        self.are_at_one_place() || self.alone.len() >= MOST_ALONE
    }
}

/// What was begun without an end that is known, by recording.
#[derive(Debug, Default)]
pub(super) struct BegunRecordings(HashMap<String, Begun>);

/// The attempts at a recording, each in another process: how many windows of it were done, where it was alone.
#[derive(Debug)]
struct Begun {
    stamp: FileStamp,
    attempts: Vec<Option<u64>>,
}

impl BegunRecordings {
    /// A recording is begun. What is known of another file of that name is forgotten.
    pub fn begin(&mut self, line: BegunLine) {
        let BegunLine { begun, stamp, alone } = line;
        let none = || Begun {
            stamp,
            attempts: Vec::new(),
        };
        let begun = self.0.entry(begun).or_insert_with(none);
        if begun.stamp != stamp {
            *begun = none();
        }
        begun.attempts.push(alone.then_some(0));
    }

    /// The windows of a recording that are done.
    pub fn reached(&mut self, file: &str, windows: u64) {
        let begun = self.0.get_mut(file);
        if let Some(Some(at)) = begun.and_then(|begun| begun.attempts.last_mut()) {
            *at = windows;
        }
    }

    /// The last attempt at a recording did not end its process.
    pub fn leave(&mut self, file: &str) {
        if let Some(begun) = self.0.get_mut(file) {
            begun.attempts.pop();
            if begun.attempts.is_empty() {
                self.0.remove(file);
            }
        }
    }

    /// A recording was read to its end, or to where it can't be read.
    pub fn forget(&mut self, file: &str) {
        self.0.remove(file);
    }

    /// Whether an attempt at a recording has no known end.
    pub fn mentions(&self, file: &str) -> bool {
        self.0.contains_key(file)
    }

    fn deaths(&self, file: &str, now: Option<FileStamp>) -> Deaths {
        let begun = self.0.get(file).filter(|begun| Some(begun.stamp) == now);
        let attempts = begun.map_or(&[][..], |begun| begun.attempts.as_slice());
        let alone: Vec<u64> = attempts.iter().copied().flatten().collect();
        Deaths {
            among_others: attempts.len() - alone.len(),
            alone,
        }
    }
}

impl ResumeLog {
    /// The processes that died at a recording; none if the file has changed since. Asked before this process begins it.
    pub(in crate::tag) fn deaths(&self, file: &str, now: Option<FileStamp>) -> Deaths {
        self.begun.deaths(file, now)
    }

    /// Notes that a recording is begun: before it is read, since it may end the process. `alone` says that it did so
    /// before, and that nothing else is in work.
    pub(in crate::tag) fn begin(
        &mut self,
        file: &str,
        stamp: FileStamp,
        alone: bool,
    ) -> Result<(), TagError> {
        self.at_work.insert(file.to_owned());
        self.append(&BegunLine {
            begun: file.to_owned(),
            stamp,
            alone,
        })
    }

    /// Notes how many windows of a recording are done that was begun alone.
    pub(in crate::tag) fn reached(&mut self, file: &str, windows: u64) -> Result<(), TagError> {
        self.append(&ReachedLine {
            at: file.to_owned(),
            windows,
        })?;
        crash_point("tag-reached");
        Ok(())
    }

    /// Notes that this process leaves the recordings that it is at, and did not die of them.
    pub(in crate::tag) fn leave(&mut self) -> Result<(), TagError> {
        let left: Vec<String> = std::mem::take(&mut self.at_work).into_iter().collect();
        if left.is_empty() {
            return Ok(());
        }
        self.append(&LeftLine { left })
    }
}
