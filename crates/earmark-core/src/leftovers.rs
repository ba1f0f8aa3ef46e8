//! Temporaries that killed processes left behind: `.NAME.tmp-MACHINE-PID-COUNT`, which
//! [`write()`](crate::atomic::write()) makes.
//!
//! Those of processes of this machine go as soon as their process has ended. Those of other machines that share the
//! disk, of this one before it was last started, and of earlier versions, which did not name the machine, are left
//! alone until they are a day old.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use crate::checksum::Checksum;
use crate::process_marks::{ProcessState, is_mark, is_number, process_mark, state_of};

/// Older leftovers are removed whichever file they were to become: no write takes so long.
const LONG_AGO: Duration = Duration::from_secs(24 * 3600);

/// Longer names, in bytes, are shortened in those of temporaries: most file systems allow 255 in all.
const LONG_NAME: usize = 200;

/// How the names of notes about half renamed sets of files end.
pub(crate) const NOTE_ENDING: &str = ".pending";

/// The name of a temporary of this process that is to become the file `target`.
pub(crate) fn temporary_name(target: &OsStr, count: u64) -> String {
    format!(".{}.tmp-{}-{count}", stem(target), process_mark())
}

/// A file in the names of its temporaries: its name, or the beginning of one that is long or not UTF-8, with a
/// checksum.
fn stem(target: &OsStr) -> Cow<'_, str> {
    match target.to_str() {
        Some(name) if name.len() <= LONG_NAME => name.into(),
        _ => {
            let beginning: String = target.to_string_lossy().chars().take(LONG_NAME / 4).collect();
            let checksum = Checksum::of(target.as_encoded_bytes());
            format!("{beginning}~{}", &checksum[..8]).into()
        }
    }
}

/// Is this the name of a temporary that [`write()`](crate::atomic::write()) makes: `.NAME.tmp-MACHINE-PID-COUNT`, or
/// without the machine as in earlier versions?
pub fn is_leftover(name: &OsStr) -> bool {
    parts(name).is_some()
}

/// Is this the name of a temporary that was to become the file `target`?
pub fn is_leftover_of(name: &OsStr, target: &OsStr) -> bool {
    parts(name).is_some_and(|(of, _)| of == stem(target))
}

/// Is this the name of a note about a set of files that may be half renamed? The temporaries next to it may be what is
/// left of the set.
pub fn is_pending_note(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") && name.ends_with(NOTE_ENDING.as_bytes())
}

/// Is this the name of a temporary of a process of this machine that is still at work?
pub fn is_being_written(name: &OsStr) -> bool {
    parts(name).is_some_and(|(_, mark)| state_of(mark) == ProcessState::Running)
}

/// The file that a temporary was to become, as in its name ([`stem`]), and the mark of the process that wrote it.
fn parts(name: &OsStr) -> Option<(&str, &str)> {
    let (before, behind) = name.to_str()?.rsplit_once(".tmp-")?;
    let target = before.strip_prefix('.').filter(|target| !target.is_empty())?;
    let (mark, count) = behind.rsplit_once('-')?;
    // Earlier versions did not name the machine.
    let is_ours = is_number(count) && (is_mark(mark) || is_number(mark));
    is_ours.then_some((target, mark))
}

/// As [`clean_leftovers`](crate::atomic::clean_leftovers), for temporaries alone; it spares those younger than `age`:
/// for folders that several processes share.
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

/// The leftovers of dead processes in folders that this process writes to, by the file that they were to become: each
/// folder is listed once, so that writing many files into one costs no more than that.
static FOUND: LazyLock<Mutex<HashMap<PathBuf, ByTarget>>> = LazyLock::new(Mutex::default);

type ByTarget = HashMap<String, Vec<PathBuf>>;

/// Removes what dead processes left of earlier tries to write `target`. What can't be removed does no harm.
pub(crate) fn remove_those_of(folder: &Path, target: &OsStr) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let known = found
        .entry(folder.to_path_buf())
        .or_insert_with(|| list(folder).unwrap_or_default());
    for path in known.remove(&*stem(target)).unwrap_or_default() {
        let _ = fs::remove_file(path);
    }
}

/// The leftovers of dead processes in a folder; very old ones, also of processes that nothing is known of, are removed,
/// unless a set of files is half renamed there.
fn list(folder: &Path) -> io::Result<ByTarget> {
    let (mut found, mut old, mut has_notes) = (ByTarget::new(), Vec::new(), false);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        has_notes |= is_pending_note(&name);
        let Some((target, mark)) = parts(&name) else {
            continue;
        };
        let state = state_of(mark);
        if state == ProcessState::Running {
            continue;
        }
        if is_older(&entry, LONG_AGO) {
            old.push(entry.path());
        } else if state == ProcessState::Ended {
            found.entry(target.to_owned()).or_default().push(entry.path());
        }
    }
    for path in old.iter().filter(|_| !has_notes) {
        let _ = fs::remove_file(path);
    }
    Ok(found)
}
