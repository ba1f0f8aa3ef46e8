//! Where results go: to a stream as they come, to one file, to one file per recording in a folder, or into memory.

mod file;
mod folder;
mod in_memory;
mod places;
mod resume;
mod shard;
mod stream_in_input_order;
mod summary;

pub use file::to_file;
pub use folder::to_folder;
pub use in_memory::to_memory;
pub use shard::{check_archive, merge_tags, to_shard};
pub use stream_in_input_order::to_stream;
pub use summary::TagSummary;

use super::formats::FormatOptions;
use super::{Format, InputFiles, TagError, TagJob};
use std::path::Path;

/// How results are written to files.
#[derive(Clone, Copy, Debug)]
pub struct OutputTarget {
    /// The format.
    pub format: Format,
    /// Whether to start over instead of resuming an interrupted job.
    pub fresh: bool,
    /// Whether to keep the resume log, so that a later job on the same archive tags only new or changed recordings.
    pub keep_log: bool,
}

pub(super) fn format_options<'a>(job: &'a TagJob, scratch: &'a Path) -> FormatOptions<'a> {
    FormatOptions {
        classes: job.tagger.classes(),
        windows: job.tagger.keeps_windows(),
        top: job.tagger.top(),
        grid: Some(job.tagger.score_grid()),
        scratch: Some(scratch),
        times_and_places: job.times_and_places,
    }
}

/// Refuses a format that can't hold scores of windows, or when and where, if that is asked for.
pub(super) fn check_windows(job: &TagJob, format: Format) -> Result<(), TagError> {
    if job.times_and_places.is_some() && !format.holds_time_and_place() {
        return Err(TagError::Request(
            "--time-and-place: this format has no columns for it; choose csv, json, ndjson, parquet or table"
                .into(),
        ));
    }
    if job.tagger.keeps_windows() && !format.holds_windows() {
        return Err(TagError::Request(
            "--windows: this format has events only; choose csv, json, ndjson, parquet or table for scores of \
             windows".into(),
        ));
    }
    Ok(())
}

pub(super) fn check_format(job: &TagJob, inputs: &InputFiles, format: Format) -> Result<(), TagError> {
    check_windows(job, format)?;
    if inputs.files.len() > 1 && !format.holds_several() {
        return Err(TagError::Request(format!(
            "--format audacity: a label track is for one recording, and {} are given; write one track per recording \
             with --out-dir DIR",
            inputs.files.len()
        )));
    }
    Ok(())
}
