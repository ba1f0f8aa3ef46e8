//! Results in one file.

use super::places::{log_of_file, scratch_folder};
use super::resume::{clean, close, count_all, remaining, tag_remaining};
use super::{OutputTarget, TagSummary, check_format, format_options};
use crate::tag::formats::FormatWriter;
use crate::tag::resume_log::ResumeLog;
use crate::tag::{InputFiles, TagError, TagJob};
use earmark_core::atomic;
use earmark_core::remote::is_address;
use std::io;
use std::path::Path;

/// Tags all files and writes one file, atomically, when all are done. Until then results are in the resume log
/// `PATH.journal`, from which an interrupted job with the same settings resumes. The log of a file at an address is in
/// the current folder.
///
/// # Errors
///
/// For a resume log of other settings or in use, a disk that fails, or when no recording can be tagged at all.
pub fn to_file(
    job: &TagJob,
    inputs: &InputFiles,
    target: OutputTarget,
    path: &Path,
) -> Result<TagSummary, TagError> {
    check_format(job, inputs, target.format)?;
    let is_remote = is_address(path);
    if is_remote {
        // Elsewhere, the log next to it says as much.
        atomic::check(path)?;
    }
    let folder = scratch_folder(path, false);
    let mut log = ResumeLog::open(&log_of_file(path), &job.tagger.log_settings(), target.fresh)?;
    if let Some(name) = path.file_name().filter(|_| !is_remote) {
        clean(folder, |found| atomic::is_leftover_of(found, name));
    }
    let mut summary = TagSummary::start(job, inputs);
    let todo = remaining(job, inputs, &mut log, &mut summary)?;
    summary.complete = tag_remaining(job, inputs, &mut log, &todo, folder, |_| Ok(()))?;
    log.sync()?;
    if !summary.complete {
        count_all(inputs, &log, &mut summary)?;
        return Ok(summary);
    }
    atomic::write(path, |out| {
        let mut writer = FormatWriter::new(target.format, format_options(job, folder), out)?;
        for file in &inputs.files {
            let added = log.read(&file.name, |entry, lines| {
                summary.count(&entry.outcome);
                writer.add(&entry.outcome, lines)
            });
            added.map_err(io::Error::other)?;
        }
        writer.finish()
    })?;
    close(log, target)?;
    Ok(summary)
}
