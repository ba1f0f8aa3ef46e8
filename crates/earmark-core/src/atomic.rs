//! Files that are either the old one or the new one, never half of each.
//!
//! [`write()`] fills a temporary file in the same folder, syncs it to the disk, renames it over the target and syncs
//! the folder. A process killed at any moment leaves the old file whole, and at most a temporary named
//! `.NAME.tmp-MACHINE-PID-COUNT`, which [`clean_leftovers`] and the next write of the same file remove.
//!
//! [`write_together`] does the same for several files at once.
//!
//! A file at an address ([`remote`]) is there when all of it was uploaded.
//!
//! For tests, [`write()`] passes the crash points `write-half` (half of the bytes are in the temporary), `written` (all
//! are, before the rename) and `renamed`: see [`crash_point`].

pub use crate::crash_points::{crash_point, crash_point_is_set};
pub use crate::file_sets::write_together;
pub use crate::leftovers::{
    clean_leftovers_older_than, is_being_written, is_leftover, is_leftover_of, is_pending_note,
};
pub use crate::process_marks::{has_ended, process_mark};

use crate::folders::{folder_of, sync_folder};
use crate::remote::{self, RemoteFailure};
use crate::{leftovers, pending_renames};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A file that could not be written: which, why, and what to do about it. The target is as it was before.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot write the file: {}", path.display(), with_remedy(cause))]
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

fn with_remedy(cause: &io::Error) -> String {
    match RemoteFailure::of(cause) {
        Some(failure) => failure.to_string(),
        None => format!("{cause}; {}", remedy(cause)),
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

/// As [`write()`], for content that is not written from its start to its end.
///
/// # Errors
///
/// As [`write()`], and for a pipe or a device, which takes no such content.
pub fn write_anywhere(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), WriteError> {
    let replace = || {
        if let Some(address) = remote::address(path) {
            return upload_from_disk(address, fill);
        }
        let target = replaced_by(path)?.ok_or(io::ErrorKind::NotSeekable)?;
        let (temporary, mut file) = begin(&target)?;
        let filled = fill(&mut file).and_then(|()| file.sync_all());
        // Windows can't rename an open file.
        drop(file);
        or_remove(
            &temporary,
            filled.and_then(|()| take_name(&temporary, &target, Sync::Yes)),
        )
    };
    replace().map_err(|cause| WriteError::new(path, cause))
}

/// Uploads content that is not written from its start to its end: it is complete on the disk before.
fn upload_from_disk(address: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (temporary, mut file) = create_temporary(&std::env::temp_dir().join("earmark-upload"))?;
    let filled = fill(&mut file);
    drop(file);
    let uploaded = filled.and_then(|()| {
        let mut file = File::open(&temporary)?;
        remote::write(address, |out| io::copy(&mut file, out).map(drop))
    });
    let _ = fs::remove_file(&temporary);
    uploaded
}

/// What fills a file.
pub type Fill<'a> = &'a dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Whether [`write()`] could begin: tries to make a temporary next to `path` and removes it again. For work that takes
/// long and writes at its end.
///
/// # Errors
///
/// As [`write()`], before anything was filled in.
pub fn check(path: &Path) -> Result<(), WriteError> {
    let begin = || {
        if let Some(address) = remote::address(path) {
            return remote::files()?.check_writable(address);
        }
        // A pipe is not opened before there is something to say: its reader would take the closing for the end.
        let Some(target) = replaced_by(path)? else {
            return Ok(());
        };
        let (temporary, _) = create_temporary(&target)?;
        fs::remove_file(temporary)
    };
    begin().map_err(|cause| WriteError::new(path, cause))
}

/// Completes a set of [`write_together`] that a killed process left half renamed, before one of its files is read.
/// Where nothing is left to do, nothing is done.
///
/// # Errors
///
/// When a rename fails: the files would be of two sets.
pub fn finish_pending(path: &Path) -> Result<(), WriteError> {
    let Ok(Some(target)) = replaced_by(path) else {
        return Ok(());
    };
    pending_renames::finish(&target).map_err(|cause| WriteError::new(path, cause))
}

/// Completes the sets of [`write_together`] in `folder` that killed processes left half renamed, and removes the
/// temporaries that they left there (not below it); returns how many.
///
/// Call it where no other process is writing, such as a run directory that is about to be resumed.
///
/// # Errors
///
/// When the folder can't be listed, a rename fails or a leftover can't be removed.
pub fn clean_leftovers(folder: &Path) -> io::Result<usize> {
    pending_renames::finish_all(folder)?;
    clean_leftovers_older_than(folder, Duration::ZERO)
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
pub(crate) fn replaced_by(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_file() => fs::canonicalize(path).map(Some),
        Ok(_) => Ok(None),
        Err(_) => Ok(Some(path.to_path_buf())),
    }
}

/// Whether to wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    Yes,
    No,
}

/// Does what earlier writes of a file left to do, and makes a temporary for a new one.
pub(crate) fn begin(target: &Path) -> io::Result<(PathBuf, File)> {
    pending_renames::settle(target)?;
    if let Some(name) = target.file_name() {
        leftovers::remove_those_of(folder_of(target), name);
    }
    create_temporary(target)
}

fn write_unnamed(
    path: &Path,
    sync: Sync,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(address) = remote::address(path) {
        return remote::write(address, fill);
    }
    let Some(target) = replaced_by(path)? else {
        let mut sink = BufWriter::new(OpenOptions::new().write(true).open(path)?);
        fill(&mut sink)?;
        return sink.flush();
    };
    let (temporary, file) = match sync {
        Sync::Yes => begin(&target)?,
        Sync::No => create_temporary(&target)?,
    };
    let filled = fill_and_sync(file, sync, fill);
    or_remove(
        &temporary,
        filled.and_then(|()| take_name(&temporary, &target, sync)),
    )
}

/// Removes a temporary of which nothing comes.
fn or_remove(temporary: &Path, outcome: io::Result<()>) -> io::Result<()> {
    if outcome.is_err() {
        // The first error is the one to report; a temporary that can't be removed is a leftover, found by its name.
        let _ = fs::remove_file(temporary);
    }
    outcome
}

/// Renames a temporary that is whole over its target.
fn take_name(temporary: &Path, target: &Path, sync: Sync) -> io::Result<()> {
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
pub(crate) fn fill_and_sync(
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

pub(crate) fn create_temporary(target: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    loop {
        let hidden = leftovers::temporary_name(name, COUNT.fetch_add(1, Ordering::Relaxed));
        let temporary = folder_of(target).join(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by a killed process that had the same number: take the next name.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
