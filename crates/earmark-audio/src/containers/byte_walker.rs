//! Random reads over a source: for walking from header to header.

use std::io::SeekFrom;

use symphonia::core::io::MediaSource;

use crate::error::{Fault, FilePosition};

/// How much is read ahead.
const READ_AHEAD_BYTES: usize = 16 * 1024;

/// What a walker has read, for a later walker over the same source.
pub(crate) struct ReadAhead {
    len: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl ReadAhead {
    /// Length of the source in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

/// Reads at any place of a source through a small buffer.
pub(crate) struct ByteWalker<'a> {
    source: &'a mut dyn MediaSource,
    ahead: ReadAhead,
}

impl<'a> ByteWalker<'a> {
    pub(crate) fn new(source: &'a mut dyn MediaSource) -> Result<Self, Fault> {
        let end = source.seek(SeekFrom::End(0));
        let len = end.map_err(|e| Fault::Read(e, FilePosition::Byte(0)))?;
        let ahead = ReadAhead {
            len,
            buffer: Vec::new(),
            buffer_start: 0,
        };
        Ok(Self { source, ahead })
    }

    /// A walker that has what an earlier one over the same source had read.
    pub(crate) fn continued(
        source: &'a mut dyn MediaSource,
        ahead: Option<ReadAhead>,
    ) -> Result<Self, Fault> {
        match ahead {
            Some(ahead) => Ok(Self { source, ahead }),
            None => Self::new(source),
        }
    }

    /// What it has read, for [`continued`](Self::continued).
    pub(crate) fn into_ahead(self) -> ReadAhead {
        self.ahead
    }

    /// Length of the source in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.ahead.len
    }

    /// The `wanted` bytes from `at`, or fewer where the source ends. `wanted` is always a small constant or bounded by
    /// what a format allows.
    pub(crate) fn peek(&mut self, at: u64, wanted: usize) -> Result<&[u8], Fault> {
        let available = usize::try_from(self.len().saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = wanted.min(available);
        if wanted == 0 {
            return Ok(&[]);
        }
        let ahead = &self.ahead;
        let buffer_end = ahead.buffer_start + ahead.buffer.len() as u64;
        if at < ahead.buffer_start || at + wanted as u64 > buffer_end {
            self.fill(at, wanted.max(READ_AHEAD_BYTES).min(available))?;
        }
        // The buffer contains all wanted bytes by now, and starts no more than its own length before them.
        let ahead = &self.ahead;
        let start = usize::try_from(at - ahead.buffer_start)
            .unwrap_or(0)
            .min(ahead.buffer.len());
        let end = (start + wanted).min(ahead.buffer.len());
        Ok(&ahead.buffer[start..end])
    }

    /// Reads `size` bytes from `at`; after an error the buffer is empty.
    fn fill(&mut self, at: u64, size: usize) -> Result<(), Fault> {
        let mut buffer = std::mem::take(&mut self.ahead.buffer);
        buffer.resize(size, 0);
        let placed = self.source.seek(SeekFrom::Start(at));
        let read = placed.and_then(|_| self.source.read_exact(&mut buffer));
        read.map_err(|e| Fault::Read(e, FilePosition::Byte(at)))?;
        self.ahead.buffer = buffer;
        self.ahead.buffer_start = at;
        Ok(())
    }

    /// Exactly `N` bytes from `at`, or `None` where the source ends earlier.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Result<Option<[u8; N]>, Fault> {
        Ok(self.peek(at, N)?.try_into().ok())
    }

    /// Exactly `N` bytes from `at`; a source that ends earlier is cut off, for this `reason`.
    pub(crate) fn required<const N: usize>(&mut self, at: u64, reason: &str) -> Result<[u8; N], Fault> {
        self.array::<N>(at)?
            .ok_or_else(|| Fault::truncated(reason, self.len()))
    }
}

/// A big-endian number of up to eight bytes.
pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, &b| (sum << 8) | u64::from(b))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{self, Cursor, Read, Seek};

    use super::*;

    /// Counts the bytes that are read.
    pub(in super::super) struct CountingSource {
        bytes: Cursor<Vec<u8>>,
        pub(in super::super) read: usize,
    }

    impl CountingSource {
        pub(in super::super) fn new(bytes: Vec<u8>) -> Self {
            Self {
                bytes: Cursor::new(bytes),
                read: 0,
            }
        }
    }

    impl Read for CountingSource {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let read = self.bytes.read(out)?;
            self.read += read;
            Ok(read)
        }
    }

    impl Seek for CountingSource {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.bytes.seek(to)
        }
    }

    impl MediaSource for CountingSource {
        fn is_seekable(&self) -> bool {
            true
        }

        fn byte_len(&self) -> Option<u64> {
            None
        }
    }

    #[test]
    fn bytes_are_read_ahead_once() {
        let mut source = CountingSource::new((0..100_000_u32).map(|n| (n % 251) as u8).collect());
        let mut walker = ByteWalker::new(&mut source).unwrap();
        for at in 0..100_000_u64 {
            assert_eq!(walker.array::<1>(at).unwrap(), Some([(at % 251) as u8]));
        }
        assert_eq!(walker.peek(99_998, 9).unwrap().len(), 2);
        assert!(walker.peek(u64::MAX, 9).unwrap().is_empty());
        assert!(source.read < 140_000, "{}", source.read);
    }

    #[test]
    fn a_later_walker_has_what_an_earlier_one_read() {
        let mut source = CountingSource::new(vec![7; 10_000]);
        let mut ahead = None;
        for at in 0..10_000 {
            let mut walker = ByteWalker::continued(&mut source, ahead.take()).unwrap();
            assert_eq!((walker.len(), walker.array(at).unwrap()), (10_000, Some([7])));
            ahead = Some(walker.into_ahead());
        }
        assert_eq!(source.read, 10_000);
    }
}
