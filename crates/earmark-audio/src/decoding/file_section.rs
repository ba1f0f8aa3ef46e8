//! A section of a file, as Symphonia reads it.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// The part of a source between two bytes. Tags before and after the audio, which Symphonia would have to parse, are
/// outside.
pub(crate) struct FileSection {
    source: Box<dyn MediaSource>,
    start: u64,
    end: u64,
    pos: u64,
    seekable: bool,
}

impl FileSection {
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

impl Read for FileSection {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.pos)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let read = self.source.read(&mut buf[..wanted])?;
        self.pos += read as u64;
        Ok(read)
    }
}

impl Seek for FileSection {
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

impl MediaSource for FileSection {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end - self.start)
    }
}
