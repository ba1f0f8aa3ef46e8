//! Zip archives as PyTorch writes them: uncompressed files in one folder.

use crate::error::CheckpointFault;
use crate::little_endian;
use std::collections::HashMap;

/// Signature of the end record, and its length without a comment.
const END: ([u8; 4], usize) = (*b"PK\x05\x06", 22);
const ENTRY: ([u8; 4], usize) = (*b"PK\x01\x02", 46);
const LOCAL: ([u8; 4], usize) = (*b"PK\x03\x04", 30);
/// In a field of four bytes: the number is in the zip64 extension.
const IN_ZIP64: usize = u32::MAX as usize;

type Slice<'a> = Result<&'a [u8], CheckpointFault>;

/// Whether the bytes begin like a zip archive.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL.0)
}

/// The files of an archive.
pub(crate) struct ZipArchive<'a> {
    /// Contents by name inside the folder.
    files: HashMap<&'a str, &'a [u8]>,
}

impl<'a> ZipArchive<'a> {
    /// Reads the directory and checks every file by its CRC-32; nothing is copied.
    pub fn open(bytes: &'a [u8]) -> Result<Self, CheckpointFault> {
        let end = end_record(bytes)?;
        let (count, mut at) = (field(end, 10, 2), field(end, 16, 4));
        if count == usize::from(u16::MAX) || at == IN_ZIP64 {
            return Err(CheckpointFault::archive(
                "is zip64 (for more than 4 GiB or 65,534 tensors), which is not supported",
            ));
        }
        let mut files = Vec::new();
        for _ in 0..count {
            let head = record(bytes, at, ENTRY, "the archive's directory")?;
            let [method, name_len, extra, comment] = [10, 28, 30, 32].map(|k| field(head, k, 2));
            let [packed, size, local] = [20, 24, 42].map(|k| field(head, k, 4));
            let name = slice(bytes, at + ENTRY.1, name_len, "the archive's directory")?;
            let name = std::str::from_utf8(name)
                .map_err(|_| CheckpointFault::archive("has a file name that is not UTF-8"))?;
            if method != 0 || packed != size {
                let problem = format!("contains `{name}` compressed, which PyTorch never does");
                return Err(CheckpointFault::archive(problem));
            }
            if [size, local].contains(&IN_ZIP64) {
                let problem = format!("contains `{name}` in zip64 form, which is not supported");
                return Err(CheckpointFault::archive(problem));
            }
            let content = content(bytes, name, local, size)?;
            check_crc(name, content, field(head, 16, 4))?;
            files.push((name, content));
            at += ENTRY.1 + name_len + extra + comment;
        }
        // All files are in one folder, named after the file that was written first.
        let folder = files
            .iter()
            .find_map(|(name, _)| {
                name.strip_suffix("data.pkl")
                    .filter(|f| f.is_empty() || f.ends_with('/'))
            })
            .ok_or_else(|| CheckpointFault::archive("has no data.pkl, so it is not a PyTorch checkpoint"))?;
        let inside = |(name, content): &(&'a str, &'a [u8])| Some((name.strip_prefix(folder)?, *content));
        let files: HashMap<&str, &[u8]> = files.iter().filter_map(inside).collect();
        if files.get("byteorder").is_some_and(|order| *order != b"little") {
            return Err(CheckpointFault::big_endian());
        }
        Ok(Self { files })
    }

    /// The content of a file inside the folder.
    pub fn file(&self, name: &str) -> Slice<'a> {
        let file = self.files.get(name).copied();
        file.ok_or_else(|| CheckpointFault::archive(format!("has no file `{name}`")))
    }

    /// The numbers of the tensors whose storage has this key.
    pub fn storage(&self, key: &str) -> Slice<'a> {
        self.file(&format!("data/{key}"))
    }
}

/// The record that locates the directory: the last thing in the file except a comment.
fn end_record(bytes: &[u8]) -> Slice<'_> {
    let from = bytes.len().saturating_sub(END.1 + usize::from(u16::MAX));
    let tail = &bytes[from..];
    tail.windows(END.1)
        .rfind(|w| w.starts_with(&END.0))
        .ok_or_else(|| CheckpointFault::truncated("the archive's end"))
}

/// The content after the local header at `at`.
fn content<'a>(bytes: &'a [u8], name: &str, at: usize, size: usize) -> Slice<'a> {
    let head = record(bytes, at, LOCAL, name)?;
    let [name_len, extra] = [26, 28].map(|k| field(head, k, 2));
    // The directory has no checksum: a name that is damaged there would swap two tensors.
    if slice(bytes, at + LOCAL.1, name_len, name)? != name.as_bytes() {
        let problem = format!("has another name for `{name}` in front of it than in its directory");
        return Err(CheckpointFault::archive(problem));
    }
    slice(bytes, at + LOCAL.1 + name_len + extra, size, name)
}

/// Compares the CRC-32 of a file. PyTorch has an option to write 0 instead, which then says nothing.
fn check_crc(name: &str, content: &[u8], written: usize) -> Result<(), CheckpointFault> {
    if written == 0 || crc32fast::hash(content) as usize == written {
        return Ok(());
    }
    Err(CheckpointFault::Checksum { name: name.into() })
}

fn record<'a>(bytes: &'a [u8], at: usize, (magic, len): ([u8; 4], usize), what: &str) -> Slice<'a> {
    match slice(bytes, at, len, what)? {
        record if record.starts_with(&magic) => Ok(record),
        _ => Err(CheckpointFault::truncated(what)),
    }
}

fn slice<'a>(bytes: &'a [u8], at: usize, len: usize, what: &str) -> Slice<'a> {
    at.checked_add(len)
        .and_then(|end| bytes.get(at..end))
        .ok_or_else(|| CheckpointFault::truncated(what))
}

/// The number of `len` bytes at `at` of a record.
fn field(record: &[u8], at: usize, len: usize) -> usize {
    little_endian(&record[at..at + len]) as usize
}
