//! Where the output and its resume log are: the log of an output at an address is in the current folder.

use crate::error::folder_of;
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::Checksum;
use earmark_core::remote;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The resume log of FILE is `FILE.journal`.
const LOG_ENDING: &str = ".journal";

/// The resume log of an output in one file.
pub(super) fn log_of_file(out: &Path) -> PathBuf {
    let mut path = match remote::address(out) {
        Some(address) => here(address).into_os_string(),
        None => out.as_os_str().to_owned(),
    };
    path.push(LOG_ENDING);
    path.into()
}

/// The resume log, of this name, of an output in a folder.
pub(super) fn log_of_folder(out: &Path, name: &OsStr) -> PathBuf {
    match remote::address(out) {
        Some(address) => {
            let mut path = here(address).into_os_string();
            path.push(LOG_ENDING);
            path.into()
        }
        None => out.join(name),
    }
}

/// A name in the current folder that goes with an address and no other.
fn here(address: &str) -> PathBuf {
    let name = address.rsplit('/').find(|name| !name.is_empty()).unwrap_or("out");
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || ".-_".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    PathBuf::from(format!("{name}.{}", &Checksum::of(address.as_bytes())[..8]))
}

/// Where scratch files of an output are.
pub(super) fn scratch_folder(out: &Path, in_folder: bool) -> &Path {
    match (remote::is_address(out), in_folder) {
        (true, _) => Path::new("."),
        (false, true) => out,
        (false, false) => folder_of(out),
    }
}

/// Makes the folder of an output; at an address there is none, and whether it can be written to is tried.
pub(super) fn make_output_folder(folder: &Path) -> Result<(), WriteError> {
    match remote::is_address(folder) {
        true => atomic::check(&folder.join("tags")),
        false => make_folder(folder),
    }
}

/// Makes a folder; at an address there is none.
pub(super) fn make_folder(folder: &Path) -> Result<(), WriteError> {
    match remote::is_address(folder) {
        true => Ok(()),
        false => std::fs::create_dir_all(folder).map_err(|e| WriteError::new(folder, e)),
    }
}

/// Whether a result is there.
pub(super) fn is_there(path: &Path) -> Result<bool, WriteError> {
    let Some(address) = remote::address(path) else {
        return Ok(path.exists());
    };
    let asked = remote::files().and_then(|files| files.stamp(address));
    match asked {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(WriteError::new(path, e)),
    }
}

/// Removes a result.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match remote::address(path) {
        Some(address) => remote::files()?.remove(address),
        None => std::fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_an_address_is_here_and_of_no_other() {
        assert_eq!(
            log_of_file(Path::new("out/a.csv")),
            Path::new("out/a.csv.journal")
        );
        let name = OsStr::new(".log");
        assert_eq!(log_of_folder(Path::new("out"), name), Path::new("out/.log"));
        let logs = ["s3://lab/a b.csv", "s3://other/a b.csv"].map(|out| log_of_file(Path::new(out)));
        assert_ne!(logs[0], logs[1]);
        for log in logs {
            let log = log.to_str().unwrap().to_owned();
            assert!(log.starts_with("a-b.csv.") && log.ends_with(".journal"), "{log}");
            assert!(!log.contains('/'), "{log}");
        }
        assert_eq!(scratch_folder(Path::new("s3://lab/x"), true), Path::new("."));
    }
}
