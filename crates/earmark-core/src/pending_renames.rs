//! Renames that belong together, written down before the first of them is done.
//!
//! Next to each file of a set is a note, `.NAME.pending`. That of the first file lists all renames, those of the others
//! lead to it. The list is written last, by a rename: without it, no file of the set has its name yet (or all have);
//! with it, whoever reads or writes a file of the set does what is left. Paths in notes begin at the note's folder, so
//! that the files may be moved together.
//!
//! Who writes a set has the folder of its first file locked from the first note to the last rename, so that two who
//! write the same set at a time do it one after the other.
//!
//! A note may be a stranger's: what it says is only done for temporaries, each of which gets a name in its own folder.

use crate::checksum::{Checksum, Seal, check_seal, seal};
use crate::crash_points::crash_point;
use crate::folders::{folder_of, lock_folder, sync_folder};
use crate::leftovers::{NOTE_ENDING, is_leftover_of, is_pending_note};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Version of the layout of notes.
const FORMAT: u32 = 1;

/// Longer names of files, in bytes, are replaced by their checksum in those of notes.
const LONG_NAME: usize = 200;

/// A temporary and the file that it becomes.
pub(crate) type Rename = (PathBuf, PathBuf);

#[derive(Debug, Serialize, Deserialize)]
struct PendingNote {
    format: u32,
    /// The same in all notes of a set, and in those of no other.
    set: String,
    /// The first file of the set.
    first: String,
    /// In the note of the first file: each temporary with the file that it becomes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    renames: Vec<(String, String)>,
}

/// The notes of a set, the list first: where each is written, and its text.
///
/// # Errors
///
/// When a folder can't be found.
pub(crate) fn notes(renames: &[Rename]) -> io::Result<Vec<(PathBuf, String)>> {
    let folders = renames
        .iter()
        .map(|(_, target)| fs::canonicalize(folder_of(target)));
    let folders: Vec<PathBuf> = folders.collect::<io::Result<_>>()?;
    let named = |from: usize, to: usize, path: &Path| {
        text_of(&way(&folders[from], &folders[to]).join(path.file_name().unwrap_or_default()))
    };
    let pairs = renames.iter().enumerate();
    let list: Vec<(String, String)> = pairs
        .map(|(k, (temporary, target))| (named(0, k, temporary), named(0, k, target)))
        .collect();
    // Temporaries have the numbers of their process and of their write.
    let set = Checksum::of(format!("{list:?}").as_bytes());
    let mut notes = Vec::with_capacity(renames.len());
    for (k, (_, target)) in renames.iter().enumerate() {
        let note = PendingNote {
            format: FORMAT,
            set: set.clone(),
            first: named(k, 0, &renames[0].1),
            renames: if k == 0 { list.clone() } else { Vec::new() },
        };
        notes.push((note_path(target), seal(serde_json::to_string(&note)?) + "\n"));
    }
    Ok(notes)
}

/// Does what is left of the set that a file belongs to.
///
/// # Errors
///
/// When a note is damaged, or a file can't be renamed.
pub(crate) fn finish(target: &Path) -> io::Result<()> {
    finish_alone(&note_path(target), false)
}

/// The same before the file is written by itself; its note goes.
///
/// # Errors
///
/// As [`finish`].
pub(crate) fn settle(target: &Path) -> io::Result<()> {
    finish_alone(&note_path(target), true)
}

/// The same as [`finish`] of the first file of a set, by who has locked its folder.
///
/// # Errors
///
/// As [`finish`].
pub(crate) fn finish_locked(first: &Path) -> io::Result<()> {
    finish_by(&note_path(first)).map(drop)
}

/// The same for all notes in a folder, where no other process is writing.
///
/// # Errors
///
/// As [`finish`], and when the folder can't be listed.
pub(crate) fn finish_all(folder: &Path) -> io::Result<()> {
    for note in notes_in(folder)? {
        finish_alone(&note, true)?;
    }
    Ok(())
}

/// The notes in a folder.
///
/// # Errors
///
/// When it can't be listed.
fn notes_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_pending_note(&entry.file_name()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Does what is left of the set of a note while nobody else is at it; where it is to be forgotten, the note goes. Until
/// a set that is being written has its names, its writer holds the lock, so that no note of it goes before.
fn finish_alone(own: &Path, forget: bool) -> io::Result<()> {
    let Some(note) = read(own)? else { return Ok(()) };
    let first = folder_of(own).join(path_of(&note.first));
    let _lock = lock_folder(folder_of(&first));
    if finish_by(own)? && forget {
        // One that can't be removed leads nowhere.
        let _ = fs::remove_file(own);
    }
    Ok(())
}

/// Does what is left of the set of a note; whether there is such a note.
fn finish_by(own: &Path) -> io::Result<bool> {
    let Some(note) = read(own)? else {
        return Ok(false);
    };
    let list_path = note_path(&folder_of(own).join(path_of(&note.first)));
    // Without the list, nothing of the set was renamed, or everything.
    if let Some(list) = read(&list_path)?
        && list.set == note.set
    {
        complete(&list_path, &list)?;
    }
    Ok(true)
}

/// Does what is left of a list's renames, and removes the notes of the set.
fn complete(list_path: &Path, list: &PendingNote) -> io::Result<()> {
    let folder = folder_of(list_path);
    let renames = list.renames.iter();
    let renames: Vec<Rename> = renames
        .map(|(temporary, target)| (folder.join(path_of(temporary)), folder.join(path_of(target))))
        .collect();
    if !renames.iter().all(is_of_temporary) {
        return Err(damaged(list_path));
    }
    for (temporary, target) in &renames {
        match fs::rename(temporary, target) {
            // Done before, here or by another process.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !temporary.exists() => {}
            renamed => renamed.map_err(|cause| unfinished(target, &cause))?,
        }
        crash_point("renamed-one");
    }
    for (_, target) in &renames {
        match sync_folder(folder_of(target)) {
            // Removed with all that was in it.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            synced => synced?,
        }
    }
    crash_point("renamed");
    // The list comes first: without it the other notes lead nowhere.
    for (_, target) in &renames {
        let note = note_path(target);
        if read(&note)?.is_some_and(|note| note.set == list.set) {
            // One that stays is found again, and there is nothing left to do.
            let _ = fs::remove_file(note);
        }
        crash_point("cleared");
    }
    Ok(())
}

/// Whether a temporary gets the name that it is for, in its own folder.
fn is_of_temporary((temporary, target): &Rename) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_owned();
    is_leftover_of(&name(temporary), &name(target)) && folder_of(temporary) == folder_of(target)
}

/// The note at a path; `None` if there is none.
fn read(path: &Path) -> io::Result<Option<PendingNote>> {
    // What is wrong with the path itself is said when its file is read or written.
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let text = match fs::read(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    if check_seal(&text) != Seal::Whole {
        return Err(damaged(path));
    }
    let note: PendingNote = serde_json::from_slice(&text).map_err(|_| damaged(path))?;
    if note.format > FORMAT {
        return Err(io::Error::other(format!(
            "a later version of earmark was killed while it replaced this file; run that version ({} says what is left \
             to do)",
            path.display()
        )));
    }
    Ok(Some(note))
}

fn damaged(note: &Path) -> io::Error {
    io::Error::other(format!(
        "{} is damaged, which says what a killed command left half replaced; remove it, and make the files again",
        note.display()
    ))
}

fn unfinished(target: &Path, cause: &io::Error) -> io::Error {
    let what = format!(
        "a killed command left {} to be replaced, which fails ({cause})",
        target.display()
    );
    io::Error::new(cause.kind(), what)
}

/// Where the note of a file is.
fn note_path(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    let mut hidden = OsString::from(".");
    match name.len() > LONG_NAME {
        true => hidden.push(Checksum::of(name.as_encoded_bytes())),
        false => hidden.push(name),
    }
    hidden.push(NOTE_ENDING);
    folder_of(target).join(hidden)
}

/// The way from one folder to another, both canonical.
fn way(from: &Path, to: &Path) -> PathBuf {
    let pairs = from.components().zip(to.components());
    let common = pairs.take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

/// A path as JSON can hold it: on Unix, where names are bytes, a character for each byte.
#[cfg(unix)]
fn text_of(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.map(|&byte| char::from(byte)).collect()
}

#[cfg(not(unix))]
fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The path that [`text_of`] wrote.
#[cfg(unix)]
fn path_of(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let bytes = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
    OsString::from_vec(bytes.collect()).into()
}

#[cfg(not(unix))]
fn path_of(text: &str) -> PathBuf {
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_folder_to_folder() {
        let way = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(way("/a/b", "/a/b"), Path::new(""));
        assert_eq!(way("/a/b", "/a/c/d"), Path::new("../c/d"));
        assert_eq!(way("/a/b", "/"), Path::new("../.."));
    }

    #[cfg(unix)]
    #[test]
    fn names_of_any_bytes_are_read_back() {
        use std::os::unix::ffi::OsStringExt;
        for name in [b"x.npy".to_vec(), "ä b.csv".into(), vec![0xff, b'\n', 0x80]] {
            let path = PathBuf::from(OsString::from_vec(name));
            assert_eq!(path_of(&text_of(&path)), path);
        }
        let long = note_path(Path::new(&"n".repeat(255)));
        assert!(long.as_os_str().len() < 30, "{long:?}");
    }

    /// A list of a stranger moves no files about.
    #[test]
    fn only_temporaries_get_names_in_their_own_folder() {
        let of = |a: &str, b: &str| is_of_temporary(&(a.into(), b.into()));
        assert!(of("f/.x.csv.tmp-0123abcd-12-0", "f/x.csv"));
        for (a, b) in [
            ("f/.x.csv.tmp-0123abcd-12-0", "g/x.csv"),
            ("f/.x.csv.tmp-0123abcd-12-0", "f/y.csv"),
            ("f/x.csv.tmp-0123abcd-12-0", "f/x.csv"),
            ("f/.profile", "f/x.csv"),
        ] {
            assert!(!of(a, b), "{a} {b}");
        }
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("x");
        fs::write(dir.path().join("mine"), "mine").unwrap();
        let note = PendingNote {
            format: FORMAT,
            set: "s".into(),
            first: "x".into(),
            renames: vec![("mine".into(), "x".into())],
        };
        let text = seal(serde_json::to_string(&note).unwrap());
        fs::write(note_path(&target), text).unwrap();
        let refused = finish(&target).unwrap_err().to_string();
        assert!(refused.contains(".x.pending is damaged"), "{refused}");
        assert!(!target.exists() && dir.path().join("mine").exists());
    }
}
