//! Results of a shard of an archive, and one output of those of all shards.
//!
//! The results of a shard are its resume log, which is complete and exact: the output is made of those of all shards as
//! it is made of the one log of an unsharded run.

use super::folder::{FolderLog, with_log};
use super::resume::{count_all, remaining, tag_remaining};
use super::{OutputTarget, TagSummary, check_format, check_windows};
use crate::error::folder_of;
use crate::shards::{ShardCounts, ShardOutput, ShardRun, ShardSet, TagShard};
use crate::tag::formats::{FormatOptions, FormatWriter};
use crate::tag::recording_facts::ScoreGrid;
use crate::tag::resume_log::{ResumeLog, TIME_AND_PLACE};
use crate::tag::{InputFiles, TagError, TagJob};
use earmark_core::atomic;
use std::io;
use std::path::Path;

/// How a shard's resume log ends.
const LOG_ENDING: &str = ".journal";

/// Tags the recordings of a shard, `inputs`, of an archive that may have more. An interrupted job with the same
/// settings resumes.
///
/// # Errors
///
/// As [`to_file`](super::to_file) and [`to_folder`](super::to_folder).
pub fn to_shard(
    job: &TagJob,
    inputs: &InputFiles,
    target: OutputTarget,
    run: &ShardRun,
) -> Result<TagSummary, TagError> {
    check_windows(job, target.format)?;
    if job.times_and_places.is_some() && !run.in_folder {
        return Err(TagError::Request(
            "--time-and-place: is not written to the one file of all shards; give --out-dir, or tag without \
             shards"
                .into(),
        ));
    }
    let mut run = run.clone();
    let known = job.times_and_places;
    run.settings
        .extend(known.map(|known| (TIME_AND_PLACE.to_owned(), known.settings.clone())));
    let output = || ShardOutput::Tag(about(job, target, run.in_folder));
    let begun = || run.write(output(), None);
    // The log stays until the shards are merged: a shard that is run again has nothing to do.
    let target = OutputTarget {
        keep_log: true,
        ..target
    };
    let log_path = run.path(LOG_ENDING);
    let summary = match run.in_folder {
        true => {
            let log = FolderLog {
                name: log_path.file_name().unwrap_or_default().to_owned(),
                is_shared: true,
                begun: &begun,
            };
            with_log(job, inputs, target, &run.out, &log)?
        }
        false => {
            let mut log = ResumeLog::open(&log_path, &job.tagger.log_settings(), target.fresh)?;
            begun()?;
            into_log(job, inputs, &mut log)?
        }
    };
    if summary.complete {
        let counts = ShardCounts {
            skipped: summary.skipped.clone(),
            damaged: summary.damaged.clone(),
            notes: summary.notes.clone(),
            done: summary.tagged,
            events: summary.events,
            seconds: summary.seconds,
        };
        run.write(output(), Some(counts))?;
    }
    Ok(summary)
}

/// Refuses a format that can't hold the recordings of the whole archive in one file.
///
/// # Errors
///
/// For such a format.
pub fn check_archive(job: &TagJob, archive: &InputFiles, target: OutputTarget) -> Result<(), TagError> {
    check_format(job, archive, target.format)
}

fn about(job: &TagJob, target: OutputTarget, in_folder: bool) -> TagShard {
    let grid = job.tagger.score_grid();
    TagShard {
        format: target.format,
        in_folder,
        classes: job.tagger.classes().to_vec(),
        windows: job.tagger.keeps_windows(),
        top: job.tagger.top(),
        grid: (grid.rate_hz, grid.window_samples, grid.hop_samples),
    }
}

fn into_log(job: &TagJob, inputs: &InputFiles, log: &mut ResumeLog) -> Result<TagSummary, TagError> {
    let folder = folder_of(log.path()).to_path_buf();
    let mut summary = TagSummary::start(job, inputs);
    let todo = remaining(job, inputs, log, &mut summary)?;
    summary.complete = tag_remaining(job, inputs, log, &todo, &folder, |_| Ok(()))?;
    log.sync()?;
    count_all(inputs, log, &mut summary)?;
    Ok(summary)
}

/// Writes the output of all shards, with the bytes of an unsharded run; where each recording has a file of its own,
/// there is nothing to write.
///
/// # Errors
///
/// For shards of another command, logs that are damaged, and a disk that fails.
pub fn merge_tags(set: &ShardSet) -> Result<(), TagError> {
    let Some(ShardOutput::Tag(about)) = set.manifests.first().map(|first| &first.output) else {
        return Err(set.of_another_command("tag").into());
    };
    if about.in_folder != set.is_folder() {
        return Err(set.of_another_command("tag").into());
    }
    if about.in_folder {
        return Ok(());
    }
    // One log of all: however many shards there are, two files are open.
    let mut path = set.out.as_os_str().to_owned();
    path.push(".merging.journal");
    let mut log = ResumeLog::open(Path::new(&path), &[], true)?;
    let written = collect(set, &mut log).and_then(|()| write_output(set, about, &log));
    // Also after a fault: it may be as large as the logs of all shards.
    let removed = log.remove();
    written.and(removed)
}

/// Writes the output of the log of all shards.
fn write_output(set: &ShardSet, about: &TagShard, log: &ResumeLog) -> Result<(), TagError> {
    let (rate_hz, window_samples, hop_samples) = about.grid;
    let options = FormatOptions {
        classes: &about.classes,
        windows: about.windows,
        top: about.top,
        grid: Some(ScoreGrid {
            rate_hz,
            window_samples,
            hop_samples,
        }),
        scratch: Some(folder_of(&set.out)),
        times_and_places: None,
    };
    atomic::write(&set.out, |out| {
        let mut writer = FormatWriter::new(about.format, options, out)?;
        for name in set.files_in_order() {
            let added = log.read(name, |entry, lines| writer.add(&entry.outcome, lines));
            added.map_err(io::Error::other)?;
        }
        writer.finish()
    })?;
    Ok(())
}

/// Copies the results of all shards into one log.
fn collect(set: &ShardSet, log: &mut ResumeLog) -> Result<(), TagError> {
    for manifest in &set.manifests {
        let path = set.path(manifest, LOG_ENDING);
        let again = |why: &str| TagError::from(set.again(manifest, why));
        if !path.exists() {
            return Err(again("its resume log is missing"));
        }
        let part = ResumeLog::open(&path, &[], false)?;
        for (_, name) in &manifest.files {
            if !log.copy_from(&part, name)? {
                return Err(again(&format!("its resume log has no results of {name}")));
            }
        }
    }
    Ok(set.refuse_changed()?)
}
