//! How a command ended, where it did not fail.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy)]
pub enum Status {
    /// Everything is done.
    Done,
    /// Done, but some inputs were skipped; each was named.
    SkippedSome,
    /// Stopped by Ctrl-C or SIGTERM; what was done is kept.
    Interrupted,
}

impl Status {
    /// Done, or with skipped inputs.
    pub fn of_skips(count: usize) -> Self {
        if count == 0 { Self::Done } else { Self::SkippedSome }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Done => 0,
            Status::SkippedSome => 2,
            Status::Interrupted => 130,
        })
    }
}

/// The error of a command that Ctrl-C ended; what it means has been printed by then.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}
