//! What of a resume log is damaged when it is opened: wiped, reported, and done again.

use super::ResumeLog;
use super::scan::LogContent;
use crate::tag::TagError;
use std::io::{self, Read, Seek, SeekFrom, Write};

impl ResumeLog {
    /// Resumes from what a log holds: cuts off what was torn and wipes what is damaged, so that it is reported once.
    pub(super) fn keep_whole(&mut self, content: LogContent) -> Result<(), TagError> {
        let wiped: u64 = content.damaged.iter().map(|range| range.end - range.start).sum();
        if wiped + content.damaged_tail > 0 {
            let bytes = wiped + content.damaged_tail;
            self.damage = Some(format!("{bytes} bytes; what they held is done again"));
        }
        for range in &content.damaged {
            self.wipe(range.start, range.end).map_err(|e| self.failed(e))?;
        }
        self.spans = content.spans;
        self.begun = content.begun;
        self.truncate(content.valid)
    }

    /// Overwrites whole lines with one blank line.
    fn wipe(&mut self, start: u64, end: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(start))?;
        io::copy(&mut io::repeat(b' ').take(end - start - 1), &mut self.file)?;
        self.file.write_all(b"\n")
    }

    /// What of the log was damaged when it was opened, in words; that is done again.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }
}
