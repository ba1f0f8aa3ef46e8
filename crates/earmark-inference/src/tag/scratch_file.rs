//! A buffer in memory that becomes a scratch file when it grows.

use super::TagError;
use earmark_core::atomic::WriteError;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes kept in memory.
const IN_MEMORY: usize = 1 << 20;

/// A buffer that grows without using memory.
#[derive(Debug)]
pub(super) struct ScratchFile {
    folder: PathBuf,
    stem: String,
    memory: Vec<u8>,
    scratch: Option<Scratch>,
}

#[derive(Debug)]
struct Scratch {
    path: PathBuf,
    file: File,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Already removed on Unix.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl ScratchFile {
    /// An empty buffer. Its scratch file, if one is needed, is `.STEM.tmp-PID-COUNT` in `folder`, a name that
    /// [`is_leftover`](earmark_core::atomic::is_leftover) recognises.
    pub fn new(folder: &Path, stem: &str) -> Self {
        Self {
            folder: folder.to_path_buf(),
            stem: stem.to_owned(),
            memory: Vec::new(),
            scratch: None,
        }
    }

    /// Reads everything from the start. Later writes still go to the end.
    pub fn reader(&mut self) -> io::Result<impl Read> {
        let file = match &mut self.scratch {
            Some(scratch) => {
                scratch.file.seek(SeekFrom::Start(0))?;
                Some(&scratch.file)
            }
            None => None,
        };
        let length = match file {
            Some(file) => file.metadata()?.len(),
            None => 0,
        };
        let on_disk: Box<dyn Read + '_> = match file {
            Some(file) => Box::new(file.take(length)),
            None => Box::new(io::empty()),
        };
        Ok(on_disk.chain(&self.memory[..]))
    }

    /// Empties the buffer.
    pub fn clear(&mut self) {
        self.memory.clear();
        self.scratch = None;
    }

    /// An error of the scratch file.
    pub fn error(&self, cause: io::Error) -> TagError {
        WriteError::new(&self.folder, cause).into()
    }

    /// Creates a scratch file with a unique name.
    fn scratch(&self) -> io::Result<Scratch> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!(
                ".{}.tmp-{}-{}",
                self.stem,
                std::process::id(),
                COUNT.fetch_add(1, Ordering::Relaxed)
            );
            let path = self.folder.join(name);
            match OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(file) => {
                    // An open file needs no name, and a killed process leaves none behind.
                    if cfg!(unix) {
                        std::fs::remove_file(&path)?;
                    }
                    return Ok(Scratch { path, file });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > IN_MEMORY {
            if self.scratch.is_none() {
                self.scratch = Some(self.scratch()?);
            }
            if let Some(scratch) = &mut self.scratch {
                scratch.file.seek(SeekFrom::End(0))?;
                scratch.file.write_all(&self.memory)?;
                self.memory.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
            let mut buffer = ScratchFile::new(dir.path(), "x");
            for part in bytes.chunks(100_001) {
                buffer.write_all(part).unwrap();
            }
            assert!(buffer.memory.len() <= IN_MEMORY);
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
