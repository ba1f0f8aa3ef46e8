//! The refusal to resume a run.

use crate::PipelineError;
use std::fmt::Display;
use std::path::Path;

/// The refusal to resume a run; `what` is the reason.
pub(crate) fn cannot_resume<T>(run: &Path, what: impl Display) -> Result<T, PipelineError> {
    let run = run.display();
    Err(PipelineError::Request(format!(
        "{run}: cannot resume: {what}; start a new run in another folder"
    )))
}
