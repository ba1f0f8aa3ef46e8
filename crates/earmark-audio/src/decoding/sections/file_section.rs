//! A section of a file, as Symphonia reads it.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use symphonia::core::io::MediaSource;

/// A source that several readers use, one after another.
#[derive(Clone)]
pub(super) struct SharedSource(Arc<Mutex<Box<dyn MediaSource>>>);

impl SharedSource {
    pub(super) fn new(source: Box<dyn MediaSource>) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    /// Reads at this place, as [`Read::read`] does.
    pub(super) fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        // A reader that panicked has left nothing half done here: the place is set for each read.
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.seek(SeekFrom::Start(at))?;
        source.read(buf)
    }
}

/// A part of a source. Tags before and after the audio, which Symphonia would have to parse, are outside.
pub(super) struct FileSection {
    source: SharedSource,
    part: Range<u64>,
    /// Place in the part.
    pos: u64,
    seekable: bool,
}

impl FileSection {
    pub(super) fn new(source: SharedSource, part: Range<u64>, seekable: bool) -> Self {
        Self {
            source,
            part,
            pos: 0,
            seekable,
        }
    }

    fn len(&self) -> u64 {
        self.part.end.saturating_sub(self.part.start)
    }
}

impl Read for FileSection {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(self.pos)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = self
            .source
            .read_at(self.part.start + self.pos, &mut buf[..wanted])?;
        self.pos += read as u64;
        Ok(read)
    }
}

impl Seek for FileSection {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(delta) => self.len().checked_add_signed(delta),
            SeekFrom::Current(delta) => self.pos.checked_add_signed(delta),
        };
        self.pos = target.ok_or_else(|| {
            let reason = "seek to before the start";
            io::Error::new(ErrorKind::InvalidInput, reason)
        })?;
        Ok(self.pos)
    }
}

impl MediaSource for FileSection {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn readers_of_one_source_do_not_disturb_each_other() {
        let bytes: Vec<u8> = (0..100).collect();
        let source = SharedSource::new(Box::new(Cursor::new(bytes)));
        let mut section = FileSection::new(source.clone(), 50..54, true);
        let mut all = Vec::new();
        section.read_to_end(&mut all).unwrap();
        assert_eq!(all, [50, 51, 52, 53]);
        assert_eq!(section.byte_len(), Some(4));

        let mut two = [0; 2];
        section.seek(SeekFrom::Start(0)).unwrap();
        let mut other = FileSection::new(source, 98..100, false);
        other.read_exact(&mut two).unwrap();
        assert_eq!(two, [98, 99]);
        section.read_exact(&mut two).unwrap();
        assert_eq!(two, [50, 51]);
        section.seek(SeekFrom::End(-1)).unwrap();
        assert!(section.read_exact(&mut two).is_err());
        assert!(section.seek(SeekFrom::Current(-9)).is_err());
        section.seek(SeekFrom::Start(1_000)).unwrap();
        assert_eq!(section.read(&mut two).unwrap(), 0);
    }
}
