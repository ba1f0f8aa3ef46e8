//! Temporaries that killed processes left behind: `.NAME.tmp-PID-COUNT`, which [`write()`](crate::atomic::write()) makes.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// Older leftovers are removed whichever file they were to become: no write takes so long.
const LONG_AGO: Duration = Duration::from_secs(24 * 3600);

/// Is this the name of a temporary that [`write()`](crate::atomic::write()) makes: `.NAME.tmp-PID-COUNT`?
pub fn is_leftover(name: &OsStr) -> bool {
    parts(name).is_some()
}

/// The name of the file that a temporary was to become, and the process that wrote it.
fn parts(name: &OsStr) -> Option<(&str, u32)> {
    let (stem, numbers) = name.to_str()?.rsplit_once(".tmp-")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (process, count) = numbers.split_once('-')?;
    let target = stem.strip_prefix('.').filter(|target| !target.is_empty())?;
    let is_ours = digits(process) && digits(count);
    // A number beyond those of processes was none.
    is_ours.then(|| (target, process.parse().unwrap_or(u32::MAX)))
}

/// Whether no process of this machine has this number any more. False where that can't be known.
pub fn has_ended(process: u32) -> bool {
    let processes = Path::new("/proc");
    processes.join("self").exists() && !processes.join(process.to_string()).exists()
}

/// Removes the temporaries that killed processes left in `folder` (not below it); returns how many.
///
/// Call it where no other process is writing, such as a run directory that is about to be resumed.
///
/// # Errors
///
/// When the folder can't be listed or a leftover can't be removed.
pub fn clean_leftovers(folder: &Path) -> io::Result<usize> {
    clean_leftovers_older_than(folder, Duration::ZERO)
}

/// As [`clean_leftovers`], but spares files younger than `age`: for folders that several processes share.
///
/// # Errors
///
/// When the folder can't be listed or a leftover can't be removed.
pub fn clean_leftovers_older_than(folder: &Path, age: Duration) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !is_leftover(&entry.file_name()) || !is_older(&entry, age) {
            continue;
        }
        match fs::remove_file(entry.path()) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

fn is_older(entry: &fs::DirEntry, age: Duration) -> bool {
    let changed = || entry.metadata().and_then(|found| found.modified());
    age.is_zero() || changed().is_ok_and(|changed| changed.elapsed().is_ok_and(|elapsed| elapsed >= age))
}

/// The leftovers of dead processes in folders that this process writes to, by the file that they were to become: each folder is listed
/// once, so that writing many files into one costs no more than that.
static FOUND: LazyLock<Mutex<HashMap<PathBuf, ByTarget>>> = LazyLock::new(Mutex::default);

type ByTarget = HashMap<OsString, Vec<PathBuf>>;

/// Removes what dead processes left of earlier tries to write `target`. What can't be removed does no harm.
pub(crate) fn remove_those_of(folder: &Path, target: &OsStr) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let known = found
        .entry(folder.to_path_buf())
        .or_insert_with(|| list(folder).unwrap_or_default());
    for path in known.remove(target).unwrap_or_default() {
        let _ = fs::remove_file(path);
    }
}

/// The leftovers of dead processes in a folder; very old ones are removed.
fn list(folder: &Path) -> io::Result<ByTarget> {
    let mut found = ByTarget::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((target, process)) = parts(&name) else {
            continue;
        };
        if !has_ended(process) {
            continue;
        }
        if is_older(&entry, LONG_AGO) {
            let _ = fs::remove_file(entry.path());
        } else {
            found.entry(target.into()).or_default().push(entry.path());
        }
    }
    Ok(found)
}
