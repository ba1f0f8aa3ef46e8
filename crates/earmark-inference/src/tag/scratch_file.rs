//! A buffer in memory that becomes a scratch file when it grows.

use super::TagError;
use earmark_core::atomic::WriteError;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use tempfile::SpooledTempFile;

/// Bytes kept in memory.
const IN_MEMORY: usize = 1 << 20;

/// A buffer that grows without using memory. Its scratch file, if one is needed, has no name, so that a killed process leaves none
/// behind.
#[derive(Debug)]
pub(super) struct ScratchFile {
    folder: PathBuf,
    buffer: SpooledTempFile,
}

impl ScratchFile {
    /// An empty buffer, whose scratch file would be in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            buffer: SpooledTempFile::new_in(IN_MEMORY, folder),
        }
    }

    /// Reads everything from the start, when all is written.
    pub fn reader(&mut self) -> io::Result<impl Read> {
        self.buffer.rewind()?;
        Ok(&mut self.buffer)
    }

    /// Empties the buffer.
    pub fn clear(&mut self) {
        *self = Self::new(&self.folder);
    }

    /// An error of the scratch file.
    pub fn error(&self, cause: io::Error) -> TagError {
        WriteError::new(&self.folder, cause).into()
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_any_size_are_read_back() {
        let dir = tempfile::tempdir().unwrap();
        for size in [0, 10, IN_MEMORY, IN_MEMORY + 1, 3 * IN_MEMORY + 17] {
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let mut buffer = ScratchFile::new(dir.path());
            for part in bytes.chunks(100_001) {
                buffer.write_all(part).unwrap();
            }
            assert_eq!(buffer.buffer.is_rolled(), size > IN_MEMORY);
            for _ in 0..2 {
                let mut out = Vec::new();
                buffer.reader().unwrap().read_to_end(&mut out).unwrap();
                assert!(out == bytes, "{size} bytes");
            }
            drop(buffer);
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }
}
