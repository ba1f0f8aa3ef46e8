//! Zip archives as PyTorch writes them: stored files, one folder around all.

use crate::error::Broken;
use std::collections::HashMap;

/// Signature of the end record, and its length without a comment.
const END: ([u8; 4], usize) = (*b"PK\x05\x06", 22);
const ENTRY: ([u8; 4], usize) = (*b"PK\x01\x02", 46);
const LOCAL: ([u8; 4], usize) = (*b"PK\x03\x04", 30);
/// In a 32-bit field: the number stands in the zip64 extension.
const ELSEWHERE: u32 = u32::MAX;

/// Whether the bytes begin as a zip archive.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL.0)
}

/// The files of an archive.
pub(crate) struct Archive<'a> {
    /// Contents by name below the folder.
    files: HashMap<&'a str, &'a [u8]>,
}

impl<'a> Archive<'a> {
    /// Reads the directory; nothing is copied.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Broken> {
        let end = end_record(bytes)?;
        let (count, start) = (u16_at(end, 10)?, u32_at(end, 16)?);
        if count == u16::MAX || start == ELSEWHERE {
            return Err(Broken::archive(
                "is of the zip64 kind, for more than 4 GiB or 65,534 tensors, which is not read",
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
            let name =
                std::str::from_utf8(name).map_err(|_| Broken::archive("has a file name that is no text"))?;
            if method != 0 || packed != size {
                return Err(Broken::archive(format!(
                    "holds `{name}` compressed, which PyTorch never does"
                )));
            }
            if [size, local].contains(&ELSEWHERE) {
                return Err(Broken::archive(format!(
                    "holds `{name}` in the zip64 form, which is not read"
                )));
            }
            files.push((name, content(bytes, name, local as usize, size as usize)?));
            at += ENTRY.1 + name_len + extra? as usize + comment? as usize;
        }
        // All lie in one folder, whose name is that of the file that was written first.
        let folder = files
            .iter()
            .find_map(|(name, _)| {
                name.strip_suffix("data.pkl")
                    .filter(|f| f.is_empty() || f.ends_with('/'))
            })
            .ok_or_else(|| Broken::archive("has no data.pkl: it is no PyTorch checkpoint"))?;
        let files = files
            .iter()
            .filter_map(|(name, content)| Some((name.strip_prefix(folder)?, *content)))
            .collect();
        let archive = Self { files };
        match archive.file("byteorder") {
            Ok(order) if order != b"little" => Err(Broken::archive(
                "was written on a big-endian machine, which is not read",
            )),
            _ => Ok(archive),
        }
    }

    /// The content of a file below the folder.
    pub fn file(&self, name: &str) -> Result<&'a [u8], Broken> {
        self.files
            .get(name)
            .copied()
            .ok_or_else(|| Broken::archive(format!("has no file `{name}`")))
    }
}

/// The record that says where the directory is: the last thing in the file but for a comment.
fn end_record(bytes: &[u8]) -> Result<&[u8], Broken> {
    let from = bytes.len().saturating_sub(END.1 + usize::from(u16::MAX));
    let tail = &bytes[from..];
    tail.windows(END.1)
        .rfind(|w| w.starts_with(&END.0))
        .ok_or_else(|| Broken::truncated("the archive's end"))
}

/// What the local header at `at` introduces.
fn content<'a>(bytes: &'a [u8], name: &str, at: usize, size: usize) -> Result<&'a [u8], Broken> {
    let head = record(bytes, at, LOCAL, name)?;
    let lengths = u16_at(head, 26)? as usize + u16_at(head, 28)? as usize;
    slice(bytes, at + LOCAL.1 + lengths, size, name)
}

fn record<'a>(
    bytes: &'a [u8],
    at: usize,
    (magic, len): ([u8; 4], usize),
    what: &str,
) -> Result<&'a [u8], Broken> {
    let record = slice(bytes, at, len, what)?;
    if record.starts_with(&magic) {
        Ok(record)
    } else {
        Err(Broken::truncated(what))
    }
}

fn slice<'a>(bytes: &'a [u8], at: usize, len: usize, what: &str) -> Result<&'a [u8], Broken> {
    at.checked_add(len)
        .and_then(|end| bytes.get(at..end))
        .ok_or_else(|| Broken::truncated(what))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Broken> {
    let b = slice(bytes, at, 2, "the archive's directory")?;
    Ok(u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Broken> {
    let b = slice(bytes, at, 4, "the archive's directory")?;
    Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
