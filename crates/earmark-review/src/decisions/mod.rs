//! What a person decides about an item, and the log of it.

mod log;

pub use log::{DecisionLog, OpenedLog, read_decisions};

use crate::items::ReviewKey;
use serde::{Deserialize, Serialize};

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The labels are right.
    Accept,
    /// They are wrong, and no other class fits.
    Reject,
    /// The labels are others.
    Relabel,
    /// The labels are right, and there are more.
    Add,
    /// Seen, and not decided.
    Skip,
    /// The reviewer's last decision does not count.
    Undo,
    /// A class has another name.
    Rename,
}

/// A decision, a line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDecision {
    /// What tells it apart from others: one that is sent twice counts once.
    pub id: String,
    /// Name of the person.
    pub reviewer: String,
    /// When, in UTC.
    pub time: String,
    /// What was decided.
    pub verdict: Verdict,
    /// About which item; none for new names of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ReviewKey>,
    /// The labels before; of a new name, the class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<String>,
    /// The labels after; of a new name, that name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The decision that an undo takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}
