//! What a tagging job did.

use crate::tag::resume_log::TagOutcome;
use crate::tag::{InputFiles, TagEvent, TagJob};

/// What a tagging job did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagSummary {
    /// Whether everything is done; false when interrupted.
    pub complete: bool,
    /// Recordings tagged, including those of interrupted earlier jobs.
    pub tagged: usize,
    /// Recordings of interrupted earlier jobs.
    pub resumed: usize,
    /// Total length of the tagged recordings.
    pub seconds: f64,
    /// Number of their events.
    pub events: usize,
    /// Recordings that can't be tagged, and why.
    pub skipped: Vec<(String, String)>,
}

impl TagSummary {
    pub(super) fn count(&mut self, outcome: &TagOutcome) {
        match outcome {
            TagOutcome::Tagged(result) => {
                self.tagged += 1;
                self.seconds += result.seconds;
                self.events += result.events.len();
            }
            TagOutcome::Failed { file, reason } => self.skipped.push((file.clone(), reason.clone())),
        }
    }

    /// At the start: files whose names no table can contain are skipped.
    pub(super) fn start(job: &TagJob, inputs: &InputFiles) -> Self {
        for (file, reason) in &inputs.unnamed {
            (job.observer)(TagEvent::Skipped { file, reason });
        }
        Self {
            skipped: inputs.unnamed.clone(),
            ..Self::default()
        }
    }
}
