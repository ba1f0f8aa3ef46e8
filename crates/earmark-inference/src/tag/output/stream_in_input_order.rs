//! Results as a stream, brought back into the order of the inputs: recordings finish in any order.

use super::{TagSummary, check_format, format_options};
use crate::tag::formats::FormatWriter;
use crate::tag::many_recordings::tag_all;
use crate::tag::workers::FinishedRecording;
use crate::tag::{Format, InputFiles, TagError, TagJob};
use std::collections::BTreeMap;
use std::io::{BufReader, Write};

/// Tags all files and writes results to `out` in the order of the inputs, each as soon as those before it are done.
/// There is no resume log: what was written to a pipe can't be taken back.
///
/// # Errors
///
/// When `out` can't be written to, or no recording can be tagged at all.
pub fn to_stream(
    job: &TagJob,
    inputs: &InputFiles,
    format: Format,
    out: &mut dyn Write,
) -> Result<TagSummary, TagError> {
    check_format(job, inputs, format)?;
    let folder = std::env::temp_dir();
    let mut summary = TagSummary::start(job, inputs);
    let mut writer = FormatWriter::new(format, format_options(job, &folder), out)?;
    let mut waiting: BTreeMap<usize, FinishedRecording> = BTreeMap::new();
    let mut next = 0;
    let todo: Vec<usize> = (0..inputs.files.len()).collect();
    summary.complete = tag_all(job, &inputs.files, &todo, &folder, &|_| Ok(()), |done| {
        waiting.insert(done.index, done);
        while let Some(mut done) = waiting.remove(&next) {
            summary.count(&done.entry.outcome);
            writer.add(&done.entry.outcome, &mut BufReader::new(done.lines.reader()?))?;
            writer.flush()?;
            next += 1;
        }
        Ok(())
    })?;
    writer.finish()?;
    Ok(summary)
}
