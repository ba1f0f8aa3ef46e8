//! Results in memory.

use crate::tag::many_recordings::tag_all;
use crate::tag::tagged_recording::TaggedRecording;
use crate::tag::{InputFiles, TagError, TagJob};

/// Tags all files and returns their results in the order of the inputs; `None` when stopped. Memory grows with the
/// results, and with those of all windows where they are kept; nothing is written.
///
/// # Errors
///
/// When no recording can be tagged at all; one that can't be read is not an error but has no results.
pub fn to_memory(job: &TagJob, inputs: &InputFiles) -> Result<Option<Vec<TaggedRecording>>, TagError> {
    let mut found: Vec<Option<TaggedRecording>> = vec![None; inputs.files.len()];
    let todo: Vec<usize> = (0..inputs.files.len()).collect();
    let complete = tag_all(
        job,
        &inputs.files,
        &todo,
        &std::env::temp_dir(),
        &|_| Ok(()),
        |done| {
            found[done.index] = Some(TaggedRecording::new(done.entry.outcome, done.lines)?);
            Ok(())
        },
    )?;
    Ok(complete.then(|| found.into_iter().flatten().collect()))
}
