//! Zip archives as PyTorch writes them: uncompressed files in one folder.

use crate::error::CheckpointFault;
use std::collections::HashMap;

/// Signature of the end record, and its length without a comment.
const END: ([u8; 4], usize) = (*b"PK\x05\x06", 22);
const ENTRY: ([u8; 4], usize) = (*b"PK\x01\x02", 46);
const LOCAL: ([u8; 4], usize) = (*b"PK\x03\x04", 30);
/// In a 32-bit field: the number is in the zip64 extension.
const IN_ZIP64: u32 = u32::MAX;

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
    /// Reads the directory; nothing is copied.
    pub fn open(bytes: &'a [u8]) -> Result<Self, CheckpointFault> {
        let end = end_record(bytes)?;
        let (count, start) = (u16_at(end, 10)?, u32_at(end, 16)?);
        if count == u16::MAX || start == IN_ZIP64 {
            return Err(CheckpointFault::archive(
                "is zip64 (for more than 4 GiB or 65,534 tensors), which is not supported",
            ));
        }
        let mut at = start as usize;
        let mut files = Vec::new();
        for _ in 0..count {
            let head = record(bytes, at, ENTRY, "the archive's directory")?;
            let [method, name, extra, comment] = [10, 28, 30, 32].map(|k| u16_at(head, k));
            let [packed, size, local] = [20, 24, 42].map(|k| u32_at(head, k));
            let (method, name_len, packed, size, local) = (method?, name? as usize, packed?, size?, local?);
            let name = slice(bytes, at + ENTRY.1, name_len, "the archive's directory")?;
            let name = std::str::from_utf8(name)
                .map_err(|_| CheckpointFault::archive("has a file name that is not UTF-8"))?;
            if method != 0 || packed != size {
                return Err(CheckpointFault::archive(format!(
                    "contains `{name}` compressed, which PyTorch never does"
                )));
            }
            if [size, local].contains(&IN_ZIP64) {
                return Err(CheckpointFault::archive(format!(
                    "contains `{name}` in zip64 form, which is not supported"
                )));
            }
            files.push((name, content(bytes, name, local as usize, size as usize)?));
            at += ENTRY.1 + name_len + extra? as usize + comment? as usize;
        }
        // All files are in one folder, named after the file that was written first.
        let folder = files
            .iter()
            .find_map(|(name, _)| {
                name.strip_suffix("data.pkl")
                    .filter(|f| f.is_empty() || f.ends_with('/'))
            })
            .ok_or_else(|| CheckpointFault::archive("has no data.pkl, so it is not a PyTorch checkpoint"))?;
        let files = files
            .iter()
            .filter_map(|(name, content)| Some((name.strip_prefix(folder)?, *content)))
            .collect();
        let archive = Self { files };
        match archive.file("byteorder") {
            Ok(order) if order != b"little" => Err(CheckpointFault::archive(
                "was written on a big-endian machine, which is not supported",
            )),
            _ => Ok(archive),
        }
    }

    /// The content of a file inside the folder.
    pub fn file(&self, name: &str) -> Result<&'a [u8], CheckpointFault> {
        self.files
            .get(name)
            .copied()
            .ok_or_else(|| CheckpointFault::archive(format!("has no file `{name}`")))
    }
}

/// The record that locates the directory: the last thing in the file except a comment.
fn end_record(bytes: &[u8]) -> Result<&[u8], CheckpointFault> {
    let from = bytes.len().saturating_sub(END.1 + usize::from(u16::MAX));
    let tail = &bytes[from..];
    tail.windows(END.1)
        .rfind(|w| w.starts_with(&END.0))
        .ok_or_else(|| CheckpointFault::truncated("the archive's end"))
}

/// The content after the local header at `at`.
fn content<'a>(bytes: &'a [u8], name: &str, at: usize, size: usize) -> Result<&'a [u8], CheckpointFault> {
    let head = record(bytes, at, LOCAL, name)?;
    let lengths = u16_at(head, 26)? as usize + u16_at(head, 28)? as usize;
    slice(bytes, at + LOCAL.1 + lengths, size, name)
}

fn record<'a>(
    bytes: &'a [u8],
    at: usize,
    (magic, len): ([u8; 4], usize),
    what: &str,
) -> Result<&'a [u8], CheckpointFault> {
    let record = slice(bytes, at, len, what)?;
    if record.starts_with(&magic) {
        Ok(record)
    } else {
        Err(CheckpointFault::truncated(what))
    }
}

fn slice<'a>(bytes: &'a [u8], at: usize, len: usize, what: &str) -> Result<&'a [u8], CheckpointFault> {
    at.checked_add(len)
        .and_then(|end| bytes.get(at..end))
        .ok_or_else(|| CheckpointFault::truncated(what))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, CheckpointFault> {
    let b = slice(bytes, at, 2, "the archive's directory")?;
    Ok(u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, CheckpointFault> {
    let b = slice(bytes, at, 4, "the archive's directory")?;
    Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
