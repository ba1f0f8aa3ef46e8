//! How a command ended, where it did not fail.

/// How a command ended that was neither refused nor interrupted.
#[derive(Clone, Copy)]
pub enum Status {
    /// Everything is done.
    Done,
    /// Done, but some inputs were skipped; each was named.
    SkippedSome,
}

impl Status {
    /// Done, or with skipped inputs.
    pub fn of_skips(count: usize) -> Self {
        if count == 0 { Self::Done } else { Self::SkippedSome }
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => 0,
            Status::SkippedSome => 2,
        }
    }
}

/// The error of a command that Ctrl-C or SIGTERM ended, with the note to print about it; what was done is kept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Stopped(pub String);

/// An error of several lines. Names in it are on one line each: what made it has seen to that.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SeveralLines(pub String);
