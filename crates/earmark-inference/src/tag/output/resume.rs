//! Which recordings are already in the resume log, what is done about the others, and what happens to the log at the end.

use super::{OutputTarget, TagSummary};
use crate::tag::many_recordings::{FinishedRecording, tag_all};
use crate::tag::resume_log::{FileStamp, ResumeLog, TagLogEntry, TagOutcome};
use crate::tag::scratch_file::ScratchFile;
use crate::tag::{InputFile, InputFiles, TagError, TagEvent, TagJob};
use earmark_core::atomic;
use earmark_core::human::human_amount;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files that are left to do, by index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remaining {
    first: Vec<usize>,
    /// Those in which an earlier process died, of them or of something else: one by one after all others, so that the next process knows
    /// which of them it was.
    alone: Vec<usize>,
}

impl Remaining {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.first.iter().chain(&self.alone).copied()
    }
}

/// A recording in which two processes died, the second one at nothing else.
const DEADLY: &str = "ended the program twice while it was read, the second time alone; see whether another program opens it, and \
                      report it; --fresh tries it again";

/// The files that are not in the resume log yet. Those that ended the program before, and again when they were tried alone, are given up.
///
/// # Errors
///
/// When the log can't be written.
pub(super) fn remaining(
    job: &TagJob,
    inputs: &InputFiles,
    log: &mut ResumeLog,
    summary: &mut TagSummary,
) -> Result<Remaining, TagError> {
    let warn = |text: String| (job.observer)(TagEvent::Warning(text));
    let path = log.path().display().to_string();
    if let Some(damage) = log.damage() {
        warn(format!(
            "{path} is damaged, as its checksums say: {damage}; if it happens again, check the disk"
        ));
    }
    let (mut left, mut done) = (Remaining::default(), 0);
    for (index, file) in inputs.files.iter().enumerate() {
        let stamp = FileStamp::of(&file.path);
        match log.deaths(&file.name, stamp) {
            _ if log.has(&file.name, stamp) => done += 1,
            0 => left.first.push(index),
            1 => left.alone.push(index),
            _ => give_up(job, file, stamp, log)?,
        }
    }
    summary.resumed = done;
    if done > 0 {
        let all = inputs.files.len();
        (job.observer)(TagEvent::Note(format!(
            "resuming: {done} of {all} recordings are already in {path}"
        )));
    }
    if !left.alone.is_empty() {
        let recordings = human_amount(left.alone.len(), "recording", "recordings");
        warn(format!(
            "the last run died with {recordings} in work: tried once more, alone, at the end"
        ));
    }
    Ok(left)
}

/// Names a recording as one that can't be tagged.
fn give_up(
    job: &TagJob,
    file: &InputFile,
    stamp: Option<FileStamp>,
    log: &mut ResumeLog,
) -> Result<(), TagError> {
    (job.observer)(TagEvent::Skipped {
        file: &file.name,
        reason: DEADLY,
    });
    let entry = TagLogEntry {
        stamp: stamp.unwrap_or_default(),
        outcome: TagOutcome::Failed {
            file: file.name.clone(),
            reason: DEADLY.to_owned(),
        },
    };
    log.add(&entry, &mut ScratchFile::new(Path::new("")))
}

/// Tags what remains, and calls `before_entry` with each result before it goes to the log. False when stopped.
pub(super) fn tag_remaining(
    job: &TagJob,
    inputs: &InputFiles,
    log: &mut ResumeLog,
    todo: &Remaining,
    scratch_folder: &Path,
    mut before_entry: impl FnMut(&mut FinishedRecording) -> Result<(), TagError>,
) -> Result<bool, TagError> {
    let groups = std::iter::once(todo.first.as_slice()).chain(todo.alone.chunks(1));
    for group in groups {
        let ended = tag_group(job, inputs, log, group, scratch_folder, &mut before_entry);
        // What was in work did not end this process. A failure before is the one to report.
        let left = log.leave();
        if !ended? {
            return left.map(|()| false);
        }
        left?;
    }
    Ok(true)
}

fn tag_group(
    job: &TagJob,
    inputs: &InputFiles,
    log: &mut ResumeLog,
    group: &[usize],
    scratch_folder: &Path,
    before_entry: &mut impl FnMut(&mut FinishedRecording) -> Result<(), TagError>,
) -> Result<bool, TagError> {
    let shared = Mutex::new(log);
    let begin = |index: usize| {
        let file: &InputFile = &inputs.files[index];
        let stamp = FileStamp::of(&file.path).unwrap_or_default();
        lock(&shared).begin(&file.name, stamp)
    };
    tag_all(job, &inputs.files, group, scratch_folder, &begin, |mut done| {
        before_entry(&mut done)?;
        lock(&shared).add(&done.entry, &mut done.lines)
    })
}

fn lock<'guard, 'log>(log: &'guard Mutex<&'log mut ResumeLog>) -> MutexGuard<'guard, &'log mut ResumeLog> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
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
