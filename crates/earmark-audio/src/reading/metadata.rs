//! What recorders write into files, read without decoding.

use std::path::Path;

use super::source::open_source;
use crate::containers::{ByteWalker, wav_metadata};
use crate::error::AudioError;
use crate::recorder_metadata::RecorderMetadata;

/// Reads what a recorder wrote about its recording: of WAV files; other files give nothing. Samples are passed over,
/// and texts are read up to 64 KiB each, so this takes neither time nor memory, however long the recording is.
///
/// # Errors
/// A file that is missing, not a regular file, or can't be read.
pub fn recorder_metadata(path: &Path) -> Result<RecorderMetadata, AudioError> {
    let mut file = open_source(path)?;
    let read = ByteWalker::new(file.as_mut()).and_then(|mut walker| wav_metadata(&mut walker));
    read.map_err(|fault| fault.in_file(path))
}
