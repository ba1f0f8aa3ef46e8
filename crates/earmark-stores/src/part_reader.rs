//! Reads a file in parts, with a bounded part of it in memory.

use crate::parts::{MOST_AT_ONCE, PartSource};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};

/// Fetched at a place where nothing was read before.
const FIRST: u64 = 256 << 10;

/// Parts begin at multiples of this: who reads backwards in small steps finds what is before, too.
const GRID: u64 = 16 << 10;

/// Bytes that are kept for who reads them again: short recordings are walked over and then decoded.
const MOST_KEPT: u64 = 8 << 20;

/// A reader of a file.
pub(crate) struct PartReader {
    source: Box<dyn PartSource>,
    size: u64,
    at: u64,
    /// Parts with their places, the last fetched at the end.
    parts: VecDeque<(u64, Bytes)>,
    /// The end of the last one, and how long it was to be.
    last: (u64, u64),
}

impl PartReader {
    /// Reads a file of this many bytes.
    pub fn new(source: Box<dyn PartSource>, size: u64) -> Self {
        Self {
            source,
            size,
            at: 0,
            parts: VecDeque::new(),
            last: (u64::MAX, 0),
        }
    }

    /// What is there from the place on; fetched where it is not kept.
    fn here(&mut self) -> io::Result<&[u8]> {
        let at = self.at;
        let has = |(start, bytes): &(u64, Bytes)| (*start..*start + bytes.len() as u64).contains(&at);
        let kept = match self.parts.iter().position(has) {
            Some(kept) => kept,
            None => self.fetch()?,
        };
        let (start, bytes) = &self.parts[kept];
        let from = usize::try_from(at - start).unwrap_or(usize::MAX);
        Ok(bytes.get(from..).unwrap_or_default())
    }

    /// Fetches what is at the place, and more the longer it is read on; which part it is.
    fn fetch(&mut self) -> io::Result<usize> {
        let (end, length) = self.last;
        let (start, length) = if self.size <= MOST_AT_ONCE {
            (0, self.size)
        } else if self.at == end {
            (self.at, (length * 2).min(MOST_AT_ONCE))
        } else {
            (self.at - self.at % GRID, FIRST)
        };
        let end = start.saturating_add(length).min(self.size);
        let bytes = self.source.fetch(start..end)?;
        self.last = (end, length);
        self.parts.push_back((start, bytes));
        while self.kept() > MOST_KEPT && self.parts.len() > 1 {
            self.parts.pop_front();
        }
        Ok(self.parts.len() - 1)
    }

    fn kept(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }
}

impl Read for PartReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.at >= self.size {
            return Ok(0);
        }
        let here = self.here()?;
        let n = here.len().min(out.len());
        out[..n].copy_from_slice(&here[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for PartReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;
    use std::sync::{Arc, Mutex};

    /// A file whose bytes follow from their places; it notes what is fetched.
    struct Counted(Arc<Mutex<Vec<Range<u64>>>>);

    fn byte(at: u64) -> u8 {
        (at % 251) as u8
    }

    impl PartSource for Counted {
        fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
            self.0.lock().unwrap().push(range.clone());
            Ok(range.map(byte).collect::<Vec<u8>>().into())
        }
    }

    fn reader(size: u64) -> (PartReader, Arc<Mutex<Vec<Range<u64>>>>) {
        let fetched = Arc::new(Mutex::new(Vec::new()));
        (PartReader::new(Box::new(Counted(fetched.clone())), size), fetched)
    }

    #[test]
    fn all_bytes_come_in_parts_and_few_are_kept() {
        let size = (21 << 20) + 12_345;
        let (mut reader, fetched) = reader(size);
        let (mut buffer, mut at) = (vec![0; 100_001], 0);
        loop {
            let n = reader.read(&mut buffer).unwrap();
            if n == 0 {
                break;
            }
            assert!(buffer[..n].iter().zip(at..).all(|(&b, at)| b == byte(at)));
            at += n as u64;
            assert!(reader.kept() <= MOST_KEPT, "{}", reader.kept());
        }
        assert_eq!(at, size);
        let fetched = fetched.lock().unwrap();
        assert!(
            fetched
                .iter()
                .all(|range| range.end - range.start <= MOST_AT_ONCE)
        );
        // Each byte once, in few requests.
        assert!(fetched.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(fetched.len() <= 10, "{fetched:?}");
    }

    #[test]
    fn a_short_file_is_fetched_once_however_it_is_read() {
        let (mut reader, fetched) = reader(70_000);
        for at in [60_000, 0, 69_999, 5] {
            reader.seek(SeekFrom::Start(at)).unwrap();
            let mut one = [0];
            reader.read_exact(&mut one).unwrap();
            assert_eq!(one[0], byte(at));
        }
        let fetched = fetched.lock().unwrap();
        assert_eq!((fetched.len(), fetched[0].clone()), (1, 0..70_000));
        assert_eq!(reader.seek(SeekFrom::End(10)).unwrap(), 70_010);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
        assert!(reader.seek(SeekFrom::Current(-80_000)).is_err());
    }

    #[test]
    fn jumps_in_a_long_file_fetch_little() {
        let (mut reader, fetched) = reader(1 << 30);
        for at in [1 << 29, 0, (1 << 30) - 3] {
            reader.seek(SeekFrom::Start(at)).unwrap();
            let mut three = [0; 3];
            reader.read_exact(&mut three).unwrap();
            assert_eq!(three[0], byte(at));
        }
        let bytes: u64 = fetched.lock().unwrap().iter().map(|r| r.end - r.start).sum();
        assert!(bytes <= 3 * FIRST, "{bytes}");
    }
}
