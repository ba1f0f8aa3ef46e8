//! Zip archives of data sets.

use std::fs;

use earmark_hub::unpack_archive;

use crate::{check_message, digest};

/// An archive, with its outermost folder or without: refused with a message, or unpacked, into its folder and nowhere
/// else.
///
/// # Panics
/// When a promise is broken.
pub fn archive(data: &[u8]) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("a.zip");
    fs::write(&path, data).expect("a file to write");
    let strip = digest(data).is_multiple_of(2);
    match unpack_archive(&path, &dir.path().join("out"), strip, &mut |done, total| {
        done <= total
    }) {
        // Deflate shrinks nothing to less than a part of 1,032.
        Ok(unpacked) => assert!(unpacked.bytes <= 2 * 1032 * data.len() as u64, "{unpacked:?}"),
        Err(error) => check_message(&error),
    }
    let names = fs::read_dir(dir.path()).expect("a folder to list");
    for entry in names {
        let name = entry.expect("an entry").file_name();
        assert!(name == "a.zip" || name == "out", "{name:?}");
    }
}
