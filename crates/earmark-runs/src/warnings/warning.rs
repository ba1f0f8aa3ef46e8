//! A warning: what is bad, and what to do about it.

use serde::{Serialize, Serializer};
use std::fmt;

/// What is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// The result is one that guessing reaches.
    NoBetterThanGuessing,
    /// Classes that are predicted for no clip.
    NeverPredicted,
    /// The training ended before it was done.
    LossStillFalling,
}

/// Something bad about a run, and the likely remedy. In JSON it is one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunWarning {
    /// What is bad.
    pub kind: WarningKind,
    /// The same with its numbers.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for RunWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.text, self.remedy)
    }
}

impl Serialize for RunWarning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
