//! What is in an archive: the directory at its end (APPNOTE 6.3.10 of PKWARE, with zip64 and parts).

use super::error::ArchiveError;
use super::parts::Parts;
use earmark_core::human::human_bytes;
use earmark_core::text::one_line;
use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The end record without its comment, which has up to 65,535 bytes.
const END_BYTES: usize = 22;
/// What points at the end record of zip64, in front of the other.
const LOCATOR_BYTES: usize = 20;
/// A record of the directory without name, extension and comment.
const ENTRY_BYTES: usize = 46;
/// A larger directory is not read: that of a million files is half as large.
const MOST_DIRECTORY_BYTES: u64 = 256 << 20;
/// What is in front of a file's name in front of its content.
const LOCAL_BYTES: u64 = 30;

/// A file in an archive.
pub(super) struct ZipEntry {
    pub name: String,
    /// 0 is stored, 8 is deflated.
    pub method: u64,
    pub crc32: u64,
    /// Bytes in the archive, and unpacked.
    pub packed: u64,
    pub bytes: u64,
    /// Where its local header is.
    pub at: u64,
    pub is_encrypted: bool,
    /// Whether it is a symbolic link.
    pub is_link: bool,
}

/// The number of some bytes, the lowest first.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes[at..at + width]
        .iter()
        .rev()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// Opens an archive by its last part.
pub(super) fn open(last: &Path) -> Result<(Parts, Vec<ZipEntry>), ArchiveError> {
    let tail = tail(last).map_err(|e| ArchiveError::read(last, e))?;
    let damaged = |problem: &str| ArchiveError::damaged(last, problem);
    let is_end = |at: &usize| {
        let comment = || tail.len() - at - END_BYTES;
        tail[*at..].starts_with(b"PK\x05\x06") && number(&tail, at + 20, 2) == comment() as u64
    };
    let most = (tail.len() + 1).saturating_sub(END_BYTES);
    let end_at = (0..most).rev().find(is_end);
    let end_at = end_at.ok_or_else(|| damaged("has no end of a zip archive"))?;
    let end = &tail[end_at..];
    let locator_at = end_at.checked_sub(LOCATOR_BYTES);
    let locator = locator_at.map(|at| &tail[at..end_at]);
    let locator = locator.filter(|locator| locator.starts_with(b"PK\x06\x07"));
    let count = match locator {
        Some(locator) => number(locator, 16, 4).max(1),
        None => number(end, 4, 2) + 1,
    };
    let mut parts = Parts::open(last, count as u32)?;
    let (part, offset, bytes, entries) = match locator {
        None => (
            number(end, 6, 2),
            number(end, 16, 4),
            number(end, 12, 4),
            number(end, 10, 2),
        ),
        Some(locator) => {
            let at = parts.place(number(locator, 4, 4) as u32, number(locator, 8, 8));
            let end = parts.bytes_at(at.ok_or_else(|| damaged("has no directory"))?, 56)?;
            if !end.starts_with(b"PK\x06\x06") {
                return Err(damaged("has no directory"));
            }
            (
                number(&end, 20, 4),
                number(&end, 48, 8),
                number(&end, 40, 8),
                number(&end, 32, 8),
            )
        }
    };
    // One that is longer than the archive is damaged.
    if bytes > MOST_DIRECTORY_BYTES && bytes <= parts.total_bytes() {
        let problem = format!("has a directory of {}, which no data set has", human_bytes(bytes));
        return Err(ArchiveError::refused(last, problem));
    }
    let at = parts.place(part as u32, offset);
    let directory = parts.bytes_at(at.ok_or_else(|| damaged("has no directory"))?, bytes)?;
    let entries = read_entries(&directory, entries, &parts, last)?;
    Ok((parts, entries))
}

/// The last bytes of a file: an end record with the longest comment, and what is in front of it.
fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    const MOST: usize = END_BYTES + u16::MAX as usize + LOCATOR_BYTES;
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(MOST as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(MOST as u64).read_to_end(&mut tail)?;
    Ok(tail)
}

fn read_entries(
    directory: &[u8],
    count: u64,
    parts: &Parts,
    last: &Path,
) -> Result<Vec<ZipEntry>, ArchiveError> {
    let cut = || ArchiveError::damaged(last, "has a directory that is cut off");
    let mut entries = Vec::new();
    let mut at = 0;
    for _ in 0..count {
        let record = directory.get(at..at + ENTRY_BYTES).ok_or_else(cut)?;
        if !record.starts_with(b"PK\x01\x02") {
            return Err(cut());
        }
        let [name, extra, comment] = [28, 30, 32].map(|field| number(record, field, 2) as usize);
        let behind = at + ENTRY_BYTES;
        let whole = directory
            .get(behind..behind + name + extra + comment)
            .ok_or_else(cut)?;
        let Ok(text) = std::str::from_utf8(&whole[..name]) else {
            return Err(ArchiveError::refused(
                last,
                "holds a file whose name is not UTF-8",
            ));
        };
        let mut large = zip64_numbers(&whole[name..name + extra]);
        let mut or_large = |field: usize, width: usize, large_width: usize| -> Result<u64, ArchiveError> {
            let value = number(record, field, width);
            if value + 1 < (1 << (8 * width)) {
                return Ok(value);
            }
            let (next, rest) = large.split_at_checked(large_width).ok_or_else(cut)?;
            large = rest;
            Ok(number(next, 0, large_width))
        };
        // In the order of the extension.
        let (bytes, packed) = (or_large(24, 4, 8)?, or_large(20, 4, 8)?);
        let (offset, part) = (or_large(42, 4, 8)?, or_large(34, 2, 4)?);
        let (made_by, attributes) = (number(record, 5, 1), number(record, 38, 4));
        entries.push(ZipEntry {
            name: text.to_owned(),
            method: number(record, 10, 2),
            crc32: number(record, 16, 4),
            packed,
            bytes,
            at: parts.place(part as u32, offset).ok_or_else(cut)?,
            is_encrypted: number(record, 8, 2) & 1 != 0,
            // By the mode of Unix.
            is_link: made_by == 3 && (attributes >> 16) & 0o170_000 == 0o120_000,
        });
        at = behind + whole.len();
    }
    Ok(entries)
}

/// The numbers of the zip64 extension of a record: those that the record itself has no room for, one after another.
fn zip64_numbers(mut extensions: &[u8]) -> &[u8] {
    while let [kind, zero, low, high, rest @ ..] = extensions {
        let size = usize::from(u16::from_le_bytes([*low, *high]));
        if [*kind, *zero] == [1, 0] {
            return rest.get(..size).unwrap_or_default();
        }
        extensions = rest.get(size..).unwrap_or_default();
    }
    &[]
}

impl ZipEntry {
    /// Its name for messages, whatever is in it.
    pub(super) fn shown_name(&self) -> Cow<'_, str> {
        one_line(&self.name)
    }

    /// Where its content begins.
    pub(super) fn content_at(&self, parts: &mut Parts) -> Result<u64, ArchiveError> {
        let head = parts.bytes_at(self.at, LOCAL_BYTES)?;
        let (name, extra) = (number(&head, 26, 2), number(&head, 28, 2));
        let is_head = head.starts_with(b"PK\x03\x04") && name == self.name.len() as u64;
        if !is_head || parts.bytes_at(self.at + LOCAL_BYTES, name)? != self.name.as_bytes() {
            let problem = format!("has something else in the place of `{}`", self.shown_name());
            return Err(ArchiveError::damaged(parts.path_at(self.at), problem));
        }
        Ok(self.at + LOCAL_BYTES + name + extra)
    }
}
