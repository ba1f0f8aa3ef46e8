//! A tagged recording in memory, for programs that use its results at once.

use super::TagError;
use super::result::WindowScores;
use super::resume_log::TagOutcome;
use super::scratch_file::ScratchFile;
use std::io::{self, BufRead, BufReader};

/// A tagged recording.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedRecording {
    /// Its results, or why it has none.
    pub outcome: TagOutcome,
    /// The scores of its windows; none unless they are kept ([`TagConfig::windows`](super::TagConfig)).
    pub windows: Vec<WindowScores>,
}

impl TaggedRecording {
    /// With the scores of the windows that tagging has written.
    pub(super) fn new(outcome: TagOutcome, mut lines: ScratchFile) -> Result<Self, TagError> {
        let windows = read_windows(&mut lines).map_err(|cause| lines.error(cause))?;
        Ok(Self { outcome, windows })
    }
}

fn read_windows(lines: &mut ScratchFile) -> io::Result<Vec<WindowScores>> {
    let lines = BufReader::new(lines.reader()?).lines();
    let read = |line: io::Result<String>| -> io::Result<WindowScores> { Ok(serde_json::from_str(&line?)?) };
    lines.map(read).collect()
}
