//! Random reads over a source: for walking from header to header.

use std::io::SeekFrom;

use symphonia::core::io::MediaSource;

use crate::error::{Fault, FilePosition};

/// How much is read ahead.
const READ_AHEAD_BYTES: usize = 16 * 1024;

/// Reads at any place of a source through a small buffer.
pub(crate) struct ByteWalker<'a> {
    source: &'a mut dyn MediaSource,
    len: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl<'a> ByteWalker<'a> {
    pub(crate) fn new(source: &'a mut dyn MediaSource) -> Result<Self, Fault> {
        let end = source.seek(SeekFrom::End(0));
        let len = end.map_err(|e| Fault::Read(e, FilePosition::Byte(0)))?;
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

    /// The `wanted` bytes from `at`, or fewer where the source ends. `wanted` is always a small constant or bounded by
    /// what a format allows.
    pub(crate) fn peek(&mut self, at: u64, wanted: usize) -> Result<&[u8], Fault> {
        let available = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = wanted.min(available);
        if wanted == 0 {
            return Ok(&[]);
        }
        let buffer_end = self.buffer_start + self.buffer.len() as u64;
        if at < self.buffer_start || at + wanted as u64 > buffer_end {
            let size = wanted.max(READ_AHEAD_BYTES).min(available);
            self.buffer.resize(size, 0);
            self.buffer_start = at;
            let io = |e| Fault::Read(e, FilePosition::Byte(at));
            self.source.seek(SeekFrom::Start(at)).map_err(io)?;
            self.source.read_exact(&mut self.buffer).map_err(io)?;
        }
        // The buffer contains all wanted bytes by now, and starts no more than its own length before them.
        let start = usize::try_from(at - self.buffer_start)
            .unwrap_or(0)
            .min(self.buffer.len());
        let end = (start + wanted).min(self.buffer.len());
        Ok(&self.buffer[start..end])
    }

    /// Exactly `N` bytes from `at`, or `None` where the source ends earlier.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Result<Option<[u8; N]>, Fault> {
        Ok(self.peek(at, N)?.try_into().ok())
    }

    /// Exactly `N` bytes from `at`; a source that ends earlier is cut off, for this `reason`.
    pub(crate) fn required<const N: usize>(&mut self, at: u64, reason: &str) -> Result<[u8; N], Fault> {
        self.array::<N>(at)?
            .ok_or_else(|| Fault::truncated(reason, self.len))
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
}
