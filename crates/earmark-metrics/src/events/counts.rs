//! What a metric counts in a recording.

use std::collections::BTreeMap;

use crate::DecisionCounts;

/// What one metric counts in one recording: segments or events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RecordingCounts {
    /// Of each class that occurs, by number; nothing is a true negative.
    pub classes: BTreeMap<usize, DecisionCounts>,
    /// Where another class was predicted than is true.
    pub substitutions: u64,
    /// True, and nothing else was predicted.
    pub deletions: u64,
    /// Predicted, and nothing else is true.
    pub insertions: u64,
}

impl RecordingCounts {
    /// The counts of a class.
    pub fn of(&mut self, class: usize) -> &mut DecisionCounts {
        self.classes.entry(class).or_default()
    }
}
