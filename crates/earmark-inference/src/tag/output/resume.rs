//! Which recordings are already in the resume log, and what happens to it at the end.

use super::{OutputTarget, TagSummary};
use crate::tag::resume_log::{FileStamp, ResumeLog};
use crate::tag::{InputFile, InputFiles, TagError, TagEvent, TagJob};
use earmark_core::atomic;
use std::path::Path;

/// The files that are not in the resume log yet.
pub(super) fn remaining(
    job: &TagJob,
    inputs: &InputFiles,
    log: &ResumeLog,
    summary: &mut TagSummary,
) -> Vec<usize> {
    let is_done = |file: &InputFile| log.has(&file.name, FileStamp::of(&file.path));
    let all = inputs.files.len();
    let todo: Vec<usize> = (0..all).filter(|i| !is_done(&inputs.files[*i])).collect();
    summary.resumed = all - todo.len();
    if summary.resumed > 0 {
        (job.observer)(TagEvent::Note(format!(
            "resuming: {} of {all} recordings are already in {}",
            summary.resumed,
            log.path().display()
        )));
    }
    todo
}

/// Counts the inputs in the resume log.
pub(super) fn count_all(
    inputs: &InputFiles,
    log: &ResumeLog,
    summary: &mut TagSummary,
) -> Result<(), TagError> {
    for file in &inputs.files {
        log.read(&file.name, |entry, _| {
            summary.count(&entry.outcome);
            Ok(())
        })?;
    }
    Ok(())
}

/// Removes the resume log, unless it is to be kept.
pub(super) fn close(log: ResumeLog, target: OutputTarget) -> Result<(), TagError> {
    if target.keep_log {
        return Ok(());
    }
    log.remove()
}

/// Removes temporary files of killed processes whose names start like this; the resume log is locked, so no other process is
/// writing. A file that can't be removed does no harm.
pub(super) fn clean(folder: &Path, start: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if atomic::is_leftover(&name) && name.to_string_lossy().starts_with(start) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
