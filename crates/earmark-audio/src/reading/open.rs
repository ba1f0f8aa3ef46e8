//! Opening files.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::AudioError;

/// Opens a regular file.
pub(super) fn open_file(path: &Path) -> Result<File, AudioError> {
    let open_error = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => AudioError::NotFound {
            path: path.to_path_buf(),
        },
        _ => AudioError::Open {
            path: path.to_path_buf(),
            source,
        },
    };
    // Checked before opening: opening a named pipe would wait until something writes to it.
    if !std::fs::metadata(path).map_err(open_error)?.is_file() {
        return Err(AudioError::NotAFile {
            path: path.to_path_buf(),
        });
    }
    File::open(path).map_err(open_error)
}
