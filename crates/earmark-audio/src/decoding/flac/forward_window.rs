//! The bytes of a source from a place that only moves forward.

use std::io::{ErrorKind, SeekFrom};

use symphonia::core::io::MediaSource;

use crate::containers::ByteWalker;
use crate::error::{Fault, FilePosition};

/// How much is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) struct ForwardWindow {
    source: Box<dyn MediaSource>,
    /// Place of the window's first byte in the source.
    at: u64,
    /// Where the source ends.
    end: u64,
    /// Bytes of the source; the window begins at `begin`.
    buffer: Vec<u8>,
    begin: usize,
    /// Whether the source is where the buffer ends.
    is_placed: bool,
}

impl ForwardWindow {
    pub(super) fn new(source: Box<dyn MediaSource>, at: u64, end: u64) -> Self {
        Self {
            source,
            at,
            end,
            buffer: Vec::new(),
            begin: 0,
            is_placed: false,
        }
    }

    /// Place of the first byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Where the source ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// What has been read from there on.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.begin..]
    }

    /// Whether the window reaches the end of the source.
    pub(super) fn is_to_end(&self) -> bool {
        self.at + self.bytes().len() as u64 >= self.end
    }

    /// Makes the window at least this long, or as long as the source is.
    pub(super) fn fill(&mut self, wanted: usize) -> Result<(), Fault> {
        let have = self.bytes().len();
        if have >= wanted || self.is_to_end() {
            return Ok(());
        }
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let size = wanted.max(have + CHUNK_BYTES).min(left);
        self.buffer.drain(..self.begin);
        self.begin = 0;
        let here = FilePosition::Byte(self.at);
        if !self.is_placed {
            let place = SeekFrom::Start(self.at + have as u64);
            let reached = self.source.seek(place);
            reached.map_err(|e| Fault::Read(e, here))?;
            self.is_placed = true;
        }
        self.buffer.resize(size, 0);
        let mut done = have;
        while done < size {
            match self.source.read(&mut self.buffer[done..]) {
                // The file shrinks while it is read.
                Ok(0) => return Err(Fault::Read(ErrorKind::UnexpectedEof.into(), here)),
                Ok(read) => done += read,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(Fault::Read(e, here)),
            }
        }
        Ok(())
    }

    /// Moves on by this many of the bytes that have been read.
    pub(super) fn advance(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes().len());
        self.begin += bytes;
        self.at += bytes as u64;
    }

    /// Moves on to this place, which is not before the window.
    pub(super) fn jump(&mut self, to: u64) {
        let to = to.min(self.end);
        let ahead = usize::try_from(to.saturating_sub(self.at)).unwrap_or(usize::MAX);
        if ahead <= self.bytes().len() {
            return self.advance(ahead);
        }
        self.buffer.clear();
        self.begin = 0;
        self.at = to;
        self.is_placed = false;
    }

    /// Looks at other places of the source.
    pub(super) fn walk<T>(
        &mut self,
        look: impl FnOnce(&mut ByteWalker<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.is_placed = false;
        look(&mut ByteWalker::new(self.source.as_mut())?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_window_moves_over_all_bytes() {
        let bytes: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
        let mut window = ForwardWindow::new(Box::new(Cursor::new(bytes.clone())), 100, 299_000);
        let mut all = Vec::new();
        for step in [1, 70_000, 3, 100_000].into_iter().cycle() {
            window.fill(step).unwrap();
            let count = step.min(window.bytes().len());
            assert_eq!(window.at(), 100 + all.len() as u64);
            all.extend_from_slice(&window.bytes()[..count]);
            window.advance(count);
            // Something else is looked at in between.
            assert_eq!(window.walk(|walker| walker.array::<1>(7)).unwrap(), Some([7]));
            if count < step {
                break;
            }
        }
        assert_eq!(all, bytes[100..299_000]);
        assert!(window.is_to_end());
    }

    #[test]
    fn jumps_stay_inside_or_leave_the_buffer() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
        let mut window = ForwardWindow::new(Box::new(Cursor::new(bytes.clone())), 0, 200_000);
        for place in [0usize, 500, 150_000, 150_001, 199_999] {
            window.jump(place as u64);
            window.fill(1).unwrap();
            assert_eq!(window.bytes()[0], bytes[place]);
        }
        window.jump(1_000_000);
        window.fill(10).unwrap();
        assert!(window.bytes().is_empty() && window.is_to_end());
    }
}
