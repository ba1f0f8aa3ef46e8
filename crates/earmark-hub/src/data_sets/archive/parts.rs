//! An archive in parts, `NAME.z01`, `NAME.z02` and so on up to `NAME.zip`, read as one file.

use super::error::ArchiveError;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// More parts than that are not opened: every one of them takes a file handle.
const MOST_PARTS: u32 = 500;

/// The files of an archive, one behind the other.
pub(super) struct Parts {
    parts: Vec<Part>,
    /// Where the next byte is read.
    at: u64,
}

struct Part {
    path: PathBuf,
    file: File,
    start: u64,
    end: u64,
}

impl Parts {
    /// The archive of `count` parts of which `last` is the last one.
    pub(super) fn open(last: &Path, count: u32) -> Result<Self, ArchiveError> {
        if count > MOST_PARTS {
            let problem = format!("has {count} parts, more than {MOST_PARTS}");
            return Err(ArchiveError::refused(last, problem));
        }
        let mut parts: Vec<Part> = Vec::new();
        for number in 1..=count {
            let path = match number == count {
                true => last.to_path_buf(),
                false => last.with_extension(format!("z{number:02}")),
            };
            let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
            let (bytes, file) = opened.map_err(|e| ArchiveError::read(&path, e))?;
            let start = parts.last().map_or(0, |part| part.end);
            parts.push(Part {
                path,
                file,
                start,
                end: start + bytes,
            });
        }
        Ok(Self { parts, at: 0 })
    }

    /// Bytes of all parts.
    pub(super) fn total_bytes(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// The place of a byte of a part, of which 0 is the first.
    pub(super) fn place(&self, part: u32, offset: u64) -> Option<u64> {
        let part = self.parts.get(part as usize)?;
        part.start.checked_add(offset)
    }

    /// The part that has the byte at this place, else the last one.
    pub(super) fn path_at(&self, at: u64) -> &Path {
        let found = self.parts.iter().find(|part| at < part.end);
        &found.unwrap_or(&self.parts[self.parts.len() - 1]).path
    }

    /// What is read from this place on.
    pub(super) fn seek_to(&mut self, at: u64) -> &mut Self {
        self.at = at;
        self
    }

    /// This many bytes from this place.
    pub(super) fn bytes_at(&mut self, at: u64, count: u64) -> Result<Vec<u8>, ArchiveError> {
        let is_there = at.checked_add(count).is_some_and(|end| end <= self.total_bytes());
        if !is_there {
            return Err(ArchiveError::damaged(self.path_at(at), "ends too early"));
        }
        let mut bytes = vec![0; count as usize];
        let read = self.seek_to(at).read_exact(&mut bytes);
        match read {
            Ok(()) => Ok(bytes),
            Err(cause) => Err(ArchiveError::read(self.path_at(at), cause)),
        }
    }
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.at;
        let Some(part) = self.parts.iter_mut().find(|part| at < part.end) else {
            return Ok(0);
        };
        let most = usize::try_from(part.end - at).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        part.file.seek(SeekFrom::Start(at - part.start))?;
        let read = part.file.read(&mut buffer[..most])?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_one() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.z01", "first"),
            ("a.z02", ""),
            ("a.z03", "2nd"),
            ("a.zip", "last"),
        ] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let last = dir.path().join("a.zip");
        let mut parts = Parts::open(&last, 4).unwrap();
        let mut all = String::new();
        parts.read_to_string(&mut all).unwrap();
        assert_eq!((all.as_str(), parts.total_bytes()), ("first2ndlast", 12));
        assert_eq!(parts.bytes_at(3, 6).unwrap(), b"st2ndl");
        assert_eq!(
            (parts.place(2, 1), parts.place(3, 0), parts.place(4, 0)),
            (Some(6), Some(8), None)
        );
        assert!(parts.path_at(4).ends_with("a.z01") && parts.path_at(5).ends_with("a.z03"));
        assert!(parts.path_at(99).ends_with("a.zip"));
        let early = parts.bytes_at(10, 3).unwrap_err().to_string();
        assert!(early.contains("a.zip: ends too early"), "{early}");
        let missing = Parts::open(&last, 5).err().unwrap().to_string();
        assert!(missing.contains("a.z04: "), "{missing}");
        assert!(Parts::open(&last, 501).is_err());
    }
}
