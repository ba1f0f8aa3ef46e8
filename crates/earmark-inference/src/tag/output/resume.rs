//! Which recordings are already in the resume log, what is done about the others, and what happens to the log at the
//! end.

use super::{OutputTarget, TagSummary};
use crate::tag::many_recordings::tag_all;
use crate::tag::resume_log::{Deaths, FileStamp, ResumeLog, TagLogEntry, TagOutcome};
use crate::tag::workers::{FinishedRecording, Milestone};
use crate::tag::{InputFile, InputFiles, TagError, TagEvent, TagJob};
use earmark_core::atomic;
use earmark_core::human::human_amount;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files that are left to do, by index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remaining {
    first: Vec<usize>,
    /// Those that were in work when an earlier process died, of one of them or of something else: one by one after all
    /// others, so that the next process knows more.
    alone: Vec<usize>,
}

impl Remaining {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.first.iter().chain(&self.alone).copied()
    }
}

/// The files that are not in the resume log yet. Those that are taken for what ended earlier processes are given up.
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
        // Nothing is known of a recording that no process began: its store is not asked.
        let stamp = match log.mentions(&file.name) {
            true => FileStamp::of(&file.path),
            false => None,
        };
        if log.has(&file.name, stamp) {
            done += 1;
            continue;
        }
        let deaths = log.deaths(&file.name, stamp);
        if deaths.is_empty() {
            left.first.push(index);
        } else if deaths.are_too_many() {
            give_up(job, file, &blame(&deaths), log)?;
        } else {
            left.alone.push(index);
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
            "an earlier run died with {recordings} in work: tried again, alone, at the end"
        ));
    }
    Ok(left)
}

/// Why a recording is given up, and how it is tried again all the same.
fn blame(deaths: &Deaths) -> String {
    let place = match deaths.are_at_one_place() {
        true => ", at the same place of it",
        false => "",
    };
    format!(
        "ended the program {} times while nothing else was in work{place}; see whether another program opens it, and \
         report it; if something else ended the program, such as a limit of time or memory, tag this file by itself \
         with another output, or start over with --fresh",
        deaths.alone.len()
    )
}

/// Names a recording as one that can't be tagged.
fn give_up(job: &TagJob, file: &InputFile, reason: &str, log: &mut ResumeLog) -> Result<(), TagError> {
    (job.observer)(TagEvent::Skipped {
        file: &file.name,
        reason,
    });
    log.give_up(&TagLogEntry {
        stamp: FileStamp::of(&file.path).unwrap_or_default(),
        outcome: TagOutcome::Failed {
            file: file.name.clone(),
            reason: reason.to_owned(),
        },
    })
}

/// Files that are tagged at a time.
#[derive(Clone, Copy)]
struct Group<'a> {
    files: &'a [usize],
    /// Whether it is one that was in work when an earlier process died.
    alone: bool,
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
    let first = Group {
        files: &todo.first,
        alone: false,
    };
    let alone = todo.alone.chunks(1).map(|files| Group { files, alone: true });
    for group in std::iter::once(first).chain(alone) {
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
    group: Group,
    scratch_folder: &Path,
    before_entry: &mut impl FnMut(&mut FinishedRecording) -> Result<(), TagError>,
) -> Result<bool, TagError> {
    let shared = Mutex::new(log);
    let note = |milestone: Milestone| match milestone {
        Milestone::Begun(index) => {
            let file: &InputFile = &inputs.files[index];
            let stamp = FileStamp::of(&file.path).unwrap_or_default();
            lock(&shared).begin(&file.name, stamp, group.alone)
        }
        // Who ends this process while several are in work leaves them for another run, alone; only there does the place
        // matter.
        Milestone::Reached { index, windows } if group.alone => {
            lock(&shared).reached(&inputs.files[index].name, windows)
        }
        Milestone::Reached { .. } => Ok(()),
        // From here on, nothing that is in work is to blame if the process ends.
        Milestone::Stopping => lock(&shared).leave(),
    };
    let files = &inputs.files;
    tag_all(job, files, group.files, scratch_folder, &note, |mut done| {
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

/// Removes temporary files that killed processes left of results; the resume log is locked, so no other process is
/// writing these. Those that another command of this machine is writing right now are left alone, and all of them where
/// a set of files, of whichever command, may be half renamed. A file that can't be removed does no harm.
pub(super) fn clean(folder: &Path, is_of_results: impl Fn(&OsStr) -> bool) {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if atomic::is_pending_note(&name) {
            return;
        }
        if is_of_results(&name) && !atomic::is_being_written(&name) {
            left.push(entry.path());
        }
    }
    for path in left {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What another command was killed at is completed by who reads it, from these temporaries.
    #[test]
    fn what_is_left_of_a_set_of_files_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let (temporary, note) = (at(".a.csv.tmp-4294967000-0"), at(".x.npy.pending"));
        for path in [&temporary, &note, &at("a.csv")] {
            std::fs::write(path, "x").unwrap();
        }
        clean(dir.path(), atomic::is_leftover);
        assert!(temporary.exists());
        std::fs::remove_file(&note).unwrap();
        clean(dir.path(), atomic::is_leftover);
        assert!(!temporary.exists() && at("a.csv").exists());
    }
}
