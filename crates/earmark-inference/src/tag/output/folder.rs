//! Results in one file per recording.

use super::places::{is_there, log_of_folder, make_folder, make_output_folder, remove, scratch_folder};
use super::resume::{clean, close, count_all, remaining, tag_remaining};
use super::{OutputTarget, TagSummary, check_windows, format_options};
use crate::tag::formats::{FormatWriter, is_result, start_of};
use crate::tag::resume_log::{ResumeLog, TIME_AND_PLACE, TagLogEntry, TagOutcome};
use crate::tag::{Format, InputFile, InputFiles, TagError, TagEvent, TagJob};
use earmark_core::atomic::{self, WriteError};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The resume log of a folder.
const FOLDER_LOG: &str = ".earmark-tag.journal";

/// Tags all files and writes one file per recording into `folder`, named by its path below the folder that was given.
/// The file is written before the recording's entry in the resume log, which is in the folder; of a folder at an
/// address, in the current one.
///
/// # Errors
///
/// As [`to_file`](super::to_file), for two recordings whose results would have one name, and for a file that is not a
/// result where one is to be written.
pub fn to_folder(
    job: &TagJob,
    inputs: &InputFiles,
    target: OutputTarget,
    folder: &Path,
) -> Result<TagSummary, TagError> {
    let log = FolderLog {
        name: FOLDER_LOG.into(),
        is_shared: false,
        begun: &|| Ok(()),
    };
    with_log(job, inputs, target, folder, &log)
}

/// The resume log of a folder.
pub(super) struct FolderLog<'a> {
    /// Its file name.
    pub name: OsString,
    /// Whether other processes write to the folder as well, each with a log of its own.
    pub is_shared: bool,
    /// Called when the log is open, before any recording.
    pub begun: &'a dyn Fn() -> Result<(), WriteError>,
}

/// As [`to_folder`], with this resume log.
pub(super) fn with_log(
    job: &TagJob,
    inputs: &InputFiles,
    target: OutputTarget,
    folder: &Path,
    own: &FolderLog,
) -> Result<TagSummary, TagError> {
    check_windows(job, target.format)?;
    let paths = result_paths(&inputs.files, target.format, folder)?;
    let log_path = log_of_folder(folder, &own.name);
    // What a log has as done need not be looked at.
    let is_resumed = !target.fresh && log_path.exists();
    if !is_resumed {
        paths.iter().try_for_each(|path| refuse_other(path))?;
    }
    make_output_folder(folder)?;
    let scratch = scratch_folder(folder, true);
    let mut settings = job.tagger.log_settings();
    settings.push(("--format".into(), format!("{:?}", target.format).to_lowercase()));
    // Files that are there are not written again, so all are to have the same columns.
    let known = job.times_and_places;
    settings.extend(known.map(|known| (TIME_AND_PLACE.to_owned(), known.settings.clone())));
    let mut log = ResumeLog::open(&log_path, &settings, target.fresh)?;
    (own.begun)()?;
    let parents: HashSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    // Temporaries of other machines may be those of other shards, at work.
    let parents = parents.into_iter().filter(|_| !own.is_shared);
    parents.for_each(|parent| clean(parent, atomic::is_leftover));
    let mut summary = TagSummary::start(job, inputs);
    let todo = remaining(job, inputs, &mut log, &mut summary)?;
    if is_resumed {
        todo.all().try_for_each(|index| refuse_other(&paths[index]))?;
    }
    let write = |index: usize, entry: &TagLogEntry, lines: &mut dyn BufRead| -> Result<(), TagError> {
        let path: &PathBuf = &paths[index];
        let TagOutcome::Tagged(_) = entry.outcome else {
            // Earlier results do not belong to a recording that can't be read now.
            return match remove(path) {
                Err(e) if !is_absent(&e) => Err(WriteError::new(path, e).into()),
                _ => Ok(()),
            };
        };
        let parent = path.parent().unwrap_or(folder);
        make_folder(parent)?;
        Ok(atomic::write(path, |out| {
            let mut writer = FormatWriter::new(target.format, format_options(job, scratch), out)?;
            writer.add(&entry.outcome, lines)?;
            writer.finish()
        })?)
    };
    // Files that were removed since are written again from the resume log.
    let is_todo: HashSet<usize> = todo.all().collect();
    for (index, file) in inputs.files.iter().enumerate() {
        if !is_todo.contains(&index) && !is_there(&paths[index])? {
            let written = log.read(&file.name, |entry, lines| Ok(write(index, entry, lines)));
            written?.transpose()?;
        }
    }
    summary.complete = tag_remaining(job, inputs, &mut log, &todo, scratch, |done| {
        let written = write(done.index, &done.entry, &mut BufReader::new(done.lines.reader()?));
        match written {
            Err(TagError::Write(error)) if is_bad_name(&error.cause) => {
                done.lines.clear();
                done.entry.outcome = without_result(job, &inputs.files[done.index], target.format);
                Ok(())
            }
            written => written,
        }
    })?;
    log.sync()?;
    count_all(inputs, &log, &mut summary)?;
    if summary.complete {
        close(log, target)?;
    }
    Ok(summary)
}

/// Refuses to replace a file that is not a result, such as labels that somebody made. What can't be read is refused where
/// it is written.
fn refuse_other(path: &Path) -> Result<(), TagError> {
    let is_other = path.is_file() && start_of(path).is_ok_and(|start| !is_result(&start));
    match is_other {
        false => Ok(()),
        true => Err(TagError::Request(format!(
            "--out-dir: {} is not a result of tagging, and would be replaced by one; name another folder, or remove \
             this file",
            path.display()
        ))),
    }
}

/// Whether no file can have a name: it is too long, mostly.
fn is_bad_name(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidFilename
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || is_bad_name(error)
}

/// The outcome of a recording whose name leaves no room for the ending of its results.
fn without_result(job: &TagJob, file: &InputFile, format: Format) -> TagOutcome {
    let reason = format!(
        "its name with {} behind it is longer than the disk allows; rename it, or write all results to one file with \
         -o",
        format.extension()
    );
    (job.observer)(TagEvent::Skipped {
        file: &file.name,
        reason: &reason,
    });
    TagOutcome::Failed {
        file: file.name.clone(),
        reason,
    }
}

/// Where the results of each file go.
fn result_paths(files: &[InputFile], format: Format, folder: &Path) -> Result<Vec<PathBuf>, TagError> {
    let mut first: HashMap<PathBuf, &str> = HashMap::new();
    files
        .iter()
        .map(|file| {
            let mut name = file.below.clone().into_os_string();
            name.push(format.extension());
            let path = folder.join(name);
            match first.insert(path.clone(), &file.name) {
                None => Ok(path),
                Some(other) => Err(TagError::Request(format!(
                    "--out-dir: the results of {other} and {} would both be {}; tag them into two folders, or give \
                     their common parent folder",
                    file.name,
                    path.display()
                ))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_named_by_the_path_below_what_was_given() {
        let input = |name: &str, below: &str| InputFile {
            path: name.into(),
            name: name.into(),
            below: below.into(),
        };
        let files = [input("x/a.wav", "a.wav"), input("x/d/a.wav", "d/a.wav")];
        let paths = result_paths(&files, Format::Raven, Path::new("out")).unwrap();
        assert_eq!(
            paths,
            [
                Path::new("out/a.wav.selections.txt"),
                Path::new("out/d/a.wav.selections.txt")
            ]
        );
        let files = [input("x/a.wav", "a.wav"), input("y/a.wav", "a.wav")];
        let error = result_paths(&files, Format::Audacity, Path::new("out")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--out-dir: the results of x/a.wav and y/a.wav would both be out/a.wav.txt; tag them into two folders, or \
             give their common parent folder"
        );
    }
}
