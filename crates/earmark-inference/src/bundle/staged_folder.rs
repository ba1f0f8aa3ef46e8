//! A bundle appears complete or not at all.

use super::checksums;
use crate::PipelineError;
use crate::error::folder_of;
use earmark_core::atomic::{WriteError, has_ended, process_mark};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// A temporary folder that becomes the bundle when it is complete; dropped before, it is removed.
pub(super) struct StagedFolder {
    pub path: PathBuf,
}

impl StagedFolder {
    /// Creates the folder next to `out`.
    pub fn create(out: &Path) -> Result<Self, PipelineError> {
        let name = out.file_name().ok_or_else(|| {
            PipelineError::Request(format!(
                "-o {}: not a folder name; name a folder to create",
                out.display()
            ))
        })?;
        let mut start = OsString::from(".");
        start.push(name);
        start.push(".");
        remove_those_of_dead_processes(out, &start);
        let mut staged = start;
        staged.push(process_mark());
        let path = out.with_file_name(staged);
        fs::create_dir_all(&path).map_err(|e| WriteError::new(&path, e))?;
        Ok(Self { path })
    }

    /// Moves it to `out`; true if the same bundle was already there.
    pub fn move_to(self, out: &Path) -> Result<bool, PipelineError> {
        let refused = |e| WriteError::new(out, e);
        let holds_something = match fs::read_dir(out) {
            Ok(mut entries) => entries.next().is_some(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
            Err(e) => return Err(refused(e).into()),
        };
        if !holds_something {
            // Not every system can rename to an existing empty folder.
            match fs::remove_dir(out) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(refused(e).into()),
                _ => {}
            }
            fs::rename(&self.path, out).map_err(refused)?;
            return Ok(false);
        }
        let sums = |folder: &Path| fs::read_to_string(folder.join(checksums::NAME)).ok();
        let existing = sums(out);
        if existing.is_none() || existing != sums(&self.path) {
            return Err(PipelineError::Request(format!(
                "{}: contains something other than this bundle; choose another folder, or remove it first",
                out.display()
            )));
        }
        if checksums::of_folder(out).map_err(refused)? != existing.unwrap_or_default() {
            return Err(PipelineError::Request(format!(
                "{}: contains this bundle, but some of its files are damaged or missing (sha256sum -c {}); remove it \
                 and run the command again",
                out.display(),
                checksums::NAME
            )));
        }
        Ok(true)
    }
}

/// Removes what killed commands left of the same bundle. What can't be removed does no harm.
fn remove_those_of_dead_processes(out: &Path, start: &OsStr) {
    let entries = fs::read_dir(folder_of(out)).into_iter().flatten();
    for entry in entries.flatten() {
        let (name, start) = (entry.file_name(), start.as_encoded_bytes());
        let mark = name.as_encoded_bytes().strip_prefix(start);
        let mark = mark.and_then(|mark| std::str::from_utf8(mark).ok());
        if mark.is_some_and(has_ended) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path); // moved away, or incomplete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_killed_command_left_is_removed_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let mark = process_mark();
        let (machine, _) = mark.split_once('-').unwrap();
        // No process of Linux has the first number; process 1 is always there. The last one is a mark of earlier
        // versions.
        let names = [
            format!(".b.{machine}-4294967000"),
            format!(".b.{machine}-1"),
            ".b.notes".to_owned(),
            format!(".c.{machine}-4294967000"),
            ".b.4294967000".to_owned(),
        ];
        for name in &names {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("earmark"), "half").unwrap();
        }
        let stage = StagedFolder::create(&dir.path().join("b")).unwrap();
        assert!(stage.path.is_dir());
        let left = names.map(|name| dir.path().join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
    }
}
