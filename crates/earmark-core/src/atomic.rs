//! Files that are either the old one or the new one, never half of each.
//!
//! [`write()`] fills a temporary file in the same folder, syncs it to the disk, renames it over the target and syncs the
//! folder. A process killed at any moment leaves the old file whole, and at most a temporary named
//! `.NAME.tmp-PID-COUNT`, which [`clean_leftovers`] and the next write of the same file remove.
//!
//! For tests, [`write()`] passes the crash points `write-half` (half of the bytes are in the temporary), `written` (all are, before
//! the rename) and `renamed`: see [`crash_point`].

pub use crate::crash_points::{crash_point, crash_point_is_set};
pub use crate::leftovers::{clean_leftovers, clean_leftovers_older_than, has_ended, is_leftover};

use crate::leftovers;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that could not be written: which, why, and what to do about it. The target is as it was before.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot write the file: {cause}; {}", path.display(), remedy(cause))]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What the operating system (or the code that made the content) said.
    #[source]
    pub cause: io::Error,
}

impl WriteError {
    /// An error about `path`.
    pub fn new(path: &Path, cause: io::Error) -> Self {
        Self {
            path: path.to_path_buf(),
            cause,
        }
    }
}

fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space or choose a folder on another disk"
        }
        io::ErrorKind::PermissionDenied => "choose a folder that you may write to, or change its permissions",
        io::ErrorKind::ReadOnlyFilesystem => "choose a folder on a disk that is not read-only",
        io::ErrorKind::NotFound => "create its folder first, or correct the path",
        io::ErrorKind::IsADirectory => "there is a folder of that name: choose another name",
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder: correct the path",
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => "correct the content or the path",
        _ => "check the disk and the path, then try again",
    }
}

/// Replaces `path` by what `fill` writes, in one step.
///
/// A symbolic link is followed; a pipe or device (such as `/dev/stdout`) is written to directly, since it can't be
/// replaced. The folder must exist. The writer is buffered.
///
/// # Errors
///
/// When the disk, the folder or `fill` fails. The target is then untouched and the temporary is gone.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    write_unnamed(path, Sync::Yes, fill).map_err(|cause| WriteError::new(path, cause))
}

/// What fills a file.
pub type Fill<'a> = &'a dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Replaces several files that belong together: all of them are complete and on the disk before the first one takes its name. A kill
/// before the renames leaves all old ones. The renames are not one step: a kill in the microseconds between them leaves some files new and
/// the others old.
///
/// # Errors
///
/// As [`write()`]. All files are then as they were, except where a rename itself fails.
pub fn write_together(files: &[(&Path, Fill)]) -> Result<(), WriteError> {
    let mut filled = Temporaries::default();
    for &(path, fill) in files {
        let failed = |cause| WriteError::new(path, cause);
        let Some(target) = replaced_by(path).map_err(failed)? else {
            write(path, fill)?;
            continue;
        };
        if let Some(name) = target.file_name() {
            leftovers::remove_those_of(folder_of(&target), name);
        }
        let (temporary, file) = create_temporary(&target).map_err(failed)?;
        filled.0.push((temporary, target));
        fill_and_sync(file, Sync::Yes, fill).map_err(failed)?;
    }
    crash_point("written");
    for (temporary, target) in &filled.0 {
        fs::rename(temporary, target).map_err(|cause| WriteError::new(target, cause))?;
    }
    crash_point("renamed");
    for (_, target) in &filled.0 {
        sync_folder(folder_of(target)).map_err(|cause| WriteError::new(target, cause))?;
    }
    Ok(())
}

/// Temporaries with the files that they become; removed where they have not become them.
#[derive(Default)]
struct Temporaries(Vec<(PathBuf, PathBuf)>);

impl Drop for Temporaries {
    fn drop(&mut self) {
        for (temporary, _) in &self.0 {
            let _ = fs::remove_file(temporary); // renamed already, unless something failed
        }
    }
}

/// Whether [`write()`] could begin: tries to make a temporary next to `path` and removes it again. For work that takes long and writes at its
/// end.
///
/// # Errors
///
/// As [`write()`], before anything was filled in.
pub fn check(path: &Path) -> Result<(), WriteError> {
    let begin = || {
        // A pipe is not opened before there is something to say: its reader would take the closing for the end.
        let Some(target) = replaced_by(path)? else {
            return Ok(());
        };
        let (temporary, _) = create_temporary(&target)?;
        fs::remove_file(temporary)
    };
    begin().map_err(|cause| WriteError::new(path, cause))
}

/// As [`write()`], but without waiting for the disk: for caches, where a file that a power cut spoils is noticed by its
/// checksum and made again.
pub fn write_unsynced(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_unnamed(path, Sync::No, fill).map_err(|cause| WriteError::new(path, cause))
}

/// The file that writing to `path` replaces; `None` for a pipe or a device.
fn replaced_by(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_file() => fs::canonicalize(path).map(Some),
        Ok(_) => Ok(None),
        Err(_) => Ok(Some(path.to_path_buf())),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    Yes,
    No,
}

fn write_unnamed(
    path: &Path,
    sync: Sync,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let Some(target) = replaced_by(path)? else {
        let mut sink = BufWriter::new(OpenOptions::new().write(true).open(path)?);
        fill(&mut sink)?;
        return sink.flush();
    };
    if sync == Sync::Yes
        && let Some(name) = target.file_name()
    {
        leftovers::remove_those_of(folder_of(&target), name);
    }
    let (temporary, file) = create_temporary(&target)?;
    let outcome = fill_and_rename(file, &temporary, &target, sync, fill);
    if outcome.is_err() {
        // The first error is the one to report; a temporary that can't be removed is a leftover, found by its name.
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

fn fill_and_rename(
    file: File,
    temporary: &Path,
    target: &Path,
    sync: Sync,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    fill_and_sync(file, sync, fill)?;
    crash_point("written");
    fs::rename(temporary, target)?;
    crash_point("renamed");
    if sync == Sync::Yes {
        sync_folder(folder_of(target))
    } else {
        Ok(())
    }
}

/// Fills a file and closes it: Windows can't rename an open one.
fn fill_and_sync(
    file: File,
    sync: Sync,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let file = if crash_point_is_set("write-half") {
        fill_in_halves(file, fill)?
    } else {
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        fill(&mut writer)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?
    };
    match sync {
        Sync::Yes => file.sync_all(),
        Sync::No => Ok(()),
    }
}

/// Only under the test hook: half of the bytes reach the disk before the crash point.
fn fill_in_halves(mut file: File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    let mut bytes = Vec::new();
    fill(&mut bytes)?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    file.sync_all()?;
    crash_point("write-half");
    file.write_all(second)?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Longer names, in bytes, are shortened in those of temporaries: most file systems allow 255 in all.
const LONG_NAME: usize = 200;

fn create_temporary(target: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    loop {
        let mut hidden = OsString::from(".");
        match name.len() > LONG_NAME {
            true => hidden.push(
                name.to_string_lossy()
                    .chars()
                    .take(LONG_NAME / 4)
                    .collect::<String>(),
            ),
            false => hidden.push(name),
        }
        hidden.push(format!(
            ".tmp-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let temporary = folder_of(target).join(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by a killed process that had the same number: take the next name.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes the rename itself durable. Only Unix can (and needs to) sync a folder.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network and FUSE file systems can't sync a folder; the file itself is on the disk.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
