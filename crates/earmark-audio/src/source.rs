//! Bytes to decode: a file or memory, read at any place, with its end known.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use symphonia::core::io::MediaSource;

use crate::error::{AudioError, Fault, Position};

/// How much is read ahead when walking over headers.
const READ_AHEAD_BYTES: usize = 16 * 1024;

/// Open a regular file.
pub(crate) fn open_file(path: &Path) -> Result<File, AudioError> {
    let open_error = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => AudioError::NotFound {
            path: path.to_path_buf(),
        },
        _ => AudioError::Open {
            path: path.to_path_buf(),
            source,
        },
    };
    // Asked before opening: opening a named pipe would wait for somebody to write into it.
    if !std::fs::metadata(path).map_err(open_error)?.is_file() {
        return Err(AudioError::NotAFile {
            path: path.to_path_buf(),
        });
    }
    File::open(path).map_err(open_error)
}

/// Random reads over a source, with a small buffer: for walking from header to header.
pub(crate) struct Walker<'a> {
    source: &'a mut dyn MediaSource,
    len: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(source: &'a mut dyn MediaSource) -> Result<Self, Fault> {
        let len = source
            .seek(SeekFrom::End(0))
            .map_err(|e| Fault::Io(e, Position::Byte(0)))?;
        Ok(Self {
            source,
            len,
            buffer: Vec::new(),
            buffer_start: 0,
        })
    }

    /// Length of the source in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The bytes from `at`, `wanted` of them or fewer where the source ends. Large wishes are not buffered
    /// for long: `wanted` is always a small constant or bounded by what a format allows.
    pub(crate) fn peek(&mut self, at: u64, wanted: usize) -> Result<&[u8], Fault> {
        let available = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = wanted.min(available);
        let buffer_end = self.buffer_start + self.buffer.len() as u64;
        if at < self.buffer_start || at + wanted as u64 > buffer_end {
            let size = wanted.max(READ_AHEAD_BYTES).min(available);
            self.buffer.resize(size, 0);
            self.buffer_start = at;
            let io = |e| Fault::Io(e, Position::Byte(at));
            self.source.seek(SeekFrom::Start(at)).map_err(io)?;
            self.source.read_exact(&mut self.buffer).map_err(io)?;
        }
        // The buffer holds the whole wish by now, and starts no more than its own length before it.
        let start = usize::try_from(at - self.buffer_start)
            .unwrap_or(0)
            .min(self.buffer.len());
        let end = (start + wanted).min(self.buffer.len());
        Ok(&self.buffer[start..end])
    }

    /// Exactly `N` bytes from `at`, or `None` where the source ends before.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Result<Option<[u8; N]>, Fault> {
        Ok(self.peek(at, N)?.try_into().ok())
    }
}

/// The part of a source between two bytes, as Symphonia wants it: tags before and after the audio, which it
/// would have to parse, are outside.
pub(crate) struct Window {
    source: Box<dyn MediaSource>,
    start: u64,
    end: u64,
    pos: u64,
    seekable: bool,
}

impl Window {
    pub(crate) fn new(
        mut source: Box<dyn MediaSource>,
        start: u64,
        end: u64,
        seekable: bool,
    ) -> io::Result<Self> {
        source.seek(SeekFrom::Start(start))?;
        Ok(Self {
            source,
            start,
            end,
            pos: start,
            seekable,
        })
    }
}

impl Read for Window {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.pos)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let read = self.source.read(&mut buf[..wanted])?;
        self.pos += read as u64;
        Ok(read)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => self.start.checked_add(at),
            SeekFrom::End(delta) => self.end.checked_add_signed(delta),
            SeekFrom::Current(delta) => self.pos.checked_add_signed(delta),
        };
        match target {
            Some(target) if target >= self.start => {
                self.pos = self.source.seek(SeekFrom::Start(target))?;
                Ok(self.pos - self.start)
            }
            _ => Err(io::Error::new(
                ErrorKind::InvalidInput,
                "seek to before the start",
            )),
        }
    }
}

impl MediaSource for Window {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end - self.start)
    }
}
