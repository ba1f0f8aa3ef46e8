//! Unpacks an archive into a folder, after a look at all that is in it.
//!
//! A file has its name only when it is whole, by its length and CRC-32. One that is there already is kept, so that the
//! next call resumes where one was interrupted.

use super::directory::{self, ZipEntry};
use super::error::ArchiveError;
use super::parts::Parts;
use earmark_core::atomic::{self, WriteError};
use earmark_core::disk_space::check_room;
use flate2::read::DeflateDecoder;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Deflate shrinks nothing to less than a part of this.
const MOST_PER_BYTE: u64 = 1032;

const STORED: u64 = 0;
const DEFLATED: u64 = 8;

/// What an archive held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Number of files.
    pub files: u64,
    /// Bytes of all files, unpacked.
    pub bytes: u64,
}

/// Unpacks the archive that `last` is, or is the last part of, into the folder `to`; with `strip`, without the folder
/// that all of it is in. `progress` is called with the bytes done and in total, and returns whether to continue.
///
/// # Errors
/// See [`ArchiveError`]. Nothing is written where a name leads out of the folder, where a file is a link, encrypted or
/// packed in another way, where sizes contradict each other, or where the disk lacks room.
pub fn unpack_archive(
    last: &Path,
    to: &Path,
    strip: bool,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Unpacked, ArchiveError> {
    let (mut parts, entries) = directory::open(last)?;
    let refused = |problem: String| ArchiveError::refused(last, problem);
    let mut files: Vec<(&ZipEntry, PathBuf)> = Vec::new();
    for entry in &entries {
        let named = |problem: &str| refused(format!("holds `{}`, {problem}", entry.shown_name()));
        check_kind(entry).map_err(named)?;
        if let Some(path) = path_of(&entry.name, strip).map_err(named)? {
            files.push((entry, to.join(path)));
        }
    }
    let packed = entries
        .iter()
        .fold(0, |sum: u64, entry| sum.saturating_add(entry.packed));
    if packed > parts.total_bytes() {
        return Err(refused("its files overlap".into()));
    }
    let bytes_of = |(entry, _): &(&ZipEntry, PathBuf)| entry.bytes;
    let total = files.iter().map(bytes_of).fold(0, u64::saturating_add);
    let missing = files.iter().filter(|(entry, path)| !has_size(entry, path));
    check_room(to, missing.map(bytes_of).fold(0, u64::saturating_add))?;
    let mut done = 0;
    for (entry, path) in &files {
        if !progress(done, total) {
            return Err(ArchiveError::Stopped);
        }
        if !is_there(entry, path) {
            extract(&mut parts, entry, path)?;
        }
        done += entry.bytes;
    }
    progress(done, total);
    Ok(Unpacked {
        files: files.len() as u64,
        bytes: total,
    })
}

/// Why a file is not unpacked, whatever its name is.
fn check_kind(entry: &ZipEntry) -> Result<(), &'static str> {
    match entry {
        ZipEntry { is_link: true, .. } => Err("which is a link"),
        ZipEntry {
            is_encrypted: true, ..
        } => Err("which is encrypted"),
        ZipEntry { method: STORED, .. } if entry.packed != entry.bytes => {
            Err("whose two sizes contradict each other")
        }
        ZipEntry { method: STORED, .. } => Ok(()),
        ZipEntry { method: DEFLATED, .. } => match entry.bytes / MOST_PER_BYTE > entry.packed {
            true => Err("whose two sizes contradict each other"),
            false => Ok(()),
        },
        _ => Err("which is packed neither by deflate nor not at all"),
    }
}

/// Where a file belongs below a folder; `None` for a folder, and for what a Mac adds for itself.
fn path_of(name: &str, strip: bool) -> Result<Option<PathBuf>, &'static str> {
    let path = name.strip_suffix('/').unwrap_or(name);
    let is_name = |piece: &str| !matches!(piece, "" | "." | "..");
    if path.contains(['\\', ':', '\0']) || !path.split('/').all(is_name) {
        return Err("a name that leads out of the folder");
    }
    let inner = match strip {
        true => path.split_once('/').map_or("", |(_, inner)| inner),
        false => path,
    };
    let is_skipped = name.ends_with('/') || inner.is_empty() || path.starts_with("__MACOSX/");
    Ok((!is_skipped).then(|| PathBuf::from(inner)))
}

fn has_size(entry: &ZipEntry, path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == entry.bytes)
}

fn is_there(entry: &ZipEntry, path: &Path) -> bool {
    let is_same = |mut file: File| matches!(copy(&mut file, &mut io::sink(), entry), Ok(None));
    has_size(entry, path) && File::open(path).is_ok_and(is_same)
}

fn extract(parts: &mut Parts, entry: &ZipEntry, path: &Path) -> Result<(), ArchiveError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|cause| WriteError::new(folder, cause))?;
    }
    let part = parts.path_at(entry.at).to_path_buf();
    let at = entry.content_at(parts)?;
    let packed = parts.seek_to(at).take(entry.packed);
    let mut content: Box<dyn Read + '_> = match entry.method {
        DEFLATED => Box::new(DeflateDecoder::new(packed)),
        _ => Box::new(packed),
    };
    let mut problem = None;
    let written = atomic::write_unsynced(path, |out| {
        problem = copy(&mut content, out, entry)?;
        match problem {
            None => Ok(()),
            Some(_) => Err(io::ErrorKind::InvalidData.into()),
        }
    });
    match problem {
        Some(problem) => Err(ArchiveError::damaged(
            &part,
            format!("`{}` {problem}", entry.shown_name()),
        )),
        None => Ok(written?),
    }
}

/// Copies the content of a file, of which it says what is wrong with it. An error is one of writing.
fn copy(content: &mut dyn Read, out: &mut dyn Write, entry: &ZipEntry) -> io::Result<Option<String>> {
    let mut crc = crc32fast::Hasher::new();
    let (mut left, mut buffer) = (entry.bytes, vec![0; 1 << 16]);
    loop {
        let bytes = match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => &buffer[..count],
            Err(cause) => return Ok(Some(format!("can't be unpacked ({cause})"))),
        };
        let Some(rest) = left.checked_sub(bytes.len() as u64) else {
            return Ok(Some("is longer than the archive says".into()));
        };
        left = rest;
        crc.update(bytes);
        out.write_all(bytes)?;
    }
    Ok(match left {
        0 if u64::from(crc.finalize()) == entry.crc32 => None,
        0 => Some("has another CRC-32 than the archive says".into()),
        _ => Some("ends too early".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder() {
        let inside = |name| path_of(name, false).unwrap();
        assert_eq!(inside("a/b.wav"), Some("a/b.wav".into()));
        assert_eq!(inside("..a/b..wav"), Some("..a/b..wav".into()));
        for skipped in ["a/", "__MACOSX/a/._b.wav"] {
            assert_eq!(inside(skipped), None, "{skipped}");
        }
        let stripped = |name| path_of(name, true).unwrap();
        assert_eq!(
            stripped("ESC-50-master/meta/esc50.csv"),
            Some("meta/esc50.csv".into())
        );
        assert_eq!((stripped("ESC-50-master/"), stripped("readme")), (None, None));
        for hostile in [
            "../a",
            "a/../../b",
            "/etc/passwd",
            "a//b",
            "",
            "/",
            "..",
            "a/.",
            "C:/a",
            "a\\..\\b",
            "a\0b",
            "./a",
        ] {
            assert!(path_of(hostile, false).is_err(), "{hostile:?}");
            assert!(path_of(hostile, true).is_err(), "{hostile:?}");
        }
    }

    #[test]
    fn kinds_that_no_data_set_has_are_refused() {
        let entry = || ZipEntry {
            name: "a".into(),
            method: DEFLATED,
            crc32: 0,
            packed: 10,
            bytes: 10_000,
            at: 0,
            is_encrypted: false,
            is_link: false,
        };
        assert_eq!(check_kind(&entry()), Ok(()));
        let stored = |bytes| ZipEntry {
            method: STORED,
            bytes,
            ..entry()
        };
        assert_eq!(check_kind(&stored(10)), Ok(()));
        for wrong in [
            stored(11),
            ZipEntry {
                bytes: 12_000,
                ..entry()
            },
            ZipEntry {
                method: 14,
                ..entry()
            },
            ZipEntry {
                is_link: true,
                ..entry()
            },
            ZipEntry {
                is_encrypted: true,
                ..entry()
            },
        ] {
            assert!(check_kind(&wrong).is_err());
        }
    }
}
