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
    /// Tagged recordings of which a part is missing, and what.
    pub damaged: Vec<(String, String)>,
    /// Tagged recordings that contradict their sound or are odd, and how.
    pub notes: Vec<(String, String)>,
}

impl TagSummary {
    pub(super) fn count(&mut self, outcome: &TagOutcome) {
        match outcome {
            TagOutcome::Tagged(result) => {
                self.tagged += 1;
                self.seconds += result.seconds;
                self.events += result.events.len();
                if let Some(note) = &result.note {
                    let noted = match result.damaged {
                        true => &mut self.damaged,
                        false => &mut self.notes,
                    };
                    noted.push((result.file.clone(), note.clone()));
                }
            }
            TagOutcome::Failed { file, reason } => self.skipped.push((file.clone(), reason.clone())),
        }
    }

    /// At the start: what was left out of the inputs is skipped.
    pub(super) fn start(job: &TagJob, inputs: &InputFiles) -> Self {
        for (file, reason) in &inputs.left_out {
            (job.observer)(TagEvent::Skipped { file, reason });
        }
        Self {
            skipped: inputs.left_out.clone(),
            ..Self::default()
        }
    }
}
