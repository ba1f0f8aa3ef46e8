//! Files that take their names together: all of them or none.
//!
//! Each is complete in a temporary before a list of the renames is on the disk ([`pending_renames`]), and from that
//! moment on all of them are the new ones: a process that is killed between two renames leaves the rest to whoever
//! comes next.
//!
//! For tests, [`write_together`] passes the crash points of [`write()`](crate::atomic::write()) and: `noted` after each
//! note that leads to the list, `committed` after the list, `renamed-one` after each rename, and `cleared` after each
//! note that was removed.

use crate::atomic::{self, Fill, Sync, WriteError, begin, create_temporary, fill_and_sync, replaced_by};
use crate::crash_points::crash_point;
use crate::folders::{folder_of, lock_folder, sync_folder};
use crate::leftovers;
use crate::pending_renames::{self, Rename};
use crate::remote::is_address;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces several files that belong together, all of them or none: a kill at any moment leaves all old ones, or all
/// new ones. Where it comes between two renames, the rest of them is done by the next
/// [`write()`](crate::atomic::write()), [`clean_leftovers`] or [`finish_pending`] that meets one of the files. Pipes
/// and devices are written to directly, and files at addresses one after the other.
///
/// [`clean_leftovers`]: crate::atomic::clean_leftovers
/// [`finish_pending`]: crate::atomic::finish_pending
///
/// # Errors
///
/// As [`write()`](crate::atomic::write()). All files are then as they were, except where a rename itself fails: what is
/// left of the renames is done later.
pub fn write_together(files: &[(&Path, Fill)]) -> Result<(), WriteError> {
    let mut set = FilledSet::default();
    for &(path, fill) in files {
        let failed = |cause| WriteError::new(path, cause);
        if is_address(path) {
            atomic::write(path, fill)?;
            continue;
        }
        let Some(target) = replaced_by(path).map_err(failed)? else {
            atomic::write(path, fill)?;
            continue;
        };
        let (temporary, file) = begin(&target).map_err(failed)?;
        set.renames.push((temporary, target));
        fill_and_sync(file, Sync::Yes, fill).map_err(failed)?;
    }
    crash_point("written");
    match set.renames.first().map(|(_, target)| target.clone()) {
        None => Ok(()),
        Some(first) => set
            .take_names(&first)
            .map_err(|cause| WriteError::new(&first, cause)),
    }
}

/// Temporaries with the files that they become, and the notes that say so; removed where nothing comes of them.
#[derive(Default)]
struct FilledSet {
    renames: Vec<Rename>,
    notes: Vec<PathBuf>,
    /// Released after all else is removed.
    _lock: Option<File>,
}

impl FilledSet {
    /// Renames the temporaries; `first` is the first of the files.
    fn take_names(mut self, first: &Path) -> io::Result<()> {
        if let [(temporary, target)] = self.renames.as_slice() {
            fs::rename(temporary, target)?;
            crash_point("renamed");
            return sync_folder(folder_of(target));
        }
        self._lock = lock_folder(folder_of(first));
        let notes = pending_renames::notes(&self.renames)?;
        for (path, text) in notes.iter().skip(1) {
            self.notes.push(path.clone());
            write_note(path, text)?;
            crash_point("noted");
        }
        // What the list leads to is on the disk before it is.
        for (_, target) in &self.renames {
            sync_folder(folder_of(target))?;
        }
        let (path, text) = &notes[0];
        self.notes.push(path.clone());
        write_note(path, text)?;
        // From here on the files are the new ones, whoever does the renames.
        self.renames.clear();
        self.notes.clear();
        sync_folder(folder_of(path))?;
        crash_point("committed");
        pending_renames::finish_locked(first)
    }
}

impl Drop for FilledSet {
    fn drop(&mut self) {
        let temporaries = self.renames.iter().map(|(temporary, _)| temporary);
        for path in self.notes.iter().chain(temporaries) {
            let _ = fs::remove_file(path); // renamed already, unless something failed
        }
    }
}

/// Writes a note, whole or not at all.
fn write_note(path: &Path, text: &str) -> io::Result<()> {
    leftovers::remove_those_of(folder_of(path), path.file_name().unwrap_or_default());
    let (temporary, mut file) = create_temporary(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // Windows can't rename an open file.
    drop(file);
    let named = written.and_then(|()| fs::rename(&temporary, path));
    if named.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    named
}
