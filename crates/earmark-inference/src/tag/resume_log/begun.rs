//! Recordings that were begun: which of them earlier processes died at.

use super::ResumeLog;
use super::entry::{BegunLine, FileStamp, LeftLine};
use crate::tag::TagError;

impl ResumeLog {
    /// In how many processes a recording was begun, of which each died before it was done; 0 if the file has changed since.
    pub fn deaths(&self, file: &str, now: Option<FileStamp>) -> u32 {
        let begun = self.begun.get(file);
        begun.filter(|b| Some(b.stamp) == now).map_or(0, |b| b.times)
    }

    /// Notes that a recording is begun: before it is read, since it may end the process.
    pub(in crate::tag) fn begin(&mut self, file: &str, stamp: FileStamp) -> Result<(), TagError> {
        self.at_work.insert(file.to_owned());
        let begun = file.to_owned();
        self.append(&BegunLine { begun, stamp })
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
