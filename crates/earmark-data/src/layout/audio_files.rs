//! Audio files in folders: which names are audio, and what is below a folder.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::dataset::error::DataError;
use crate::dataset::item::{SkipReason, Skipped};

/// File extensions of recordings, in any letter case: also of those that can't be read, so that they are named rather
/// than passed over.
pub const AUDIO_EXTENSIONS: [&str; 48] = [
    "wav", "wave", "flac", "ogg", "oga", "mp3", "m4a", "mp4", "aac", "aif", "aiff", "aifc", "opus", "webm",
    "weba", "mka", "mkv", "caf", "w64", "rf64", "bwf", "au", "snd", "mp1", "mp2", "mpga", "m4b", "m4r",
    "alac", "adts", "3gp", "3g2", "mov", "wma", "asf", "amr", "awb", "spx", "ra", "rm", "ape", "wv", "tta",
    "mpc", "ac3", "eac3", "dts", "gsm",
];

/// Folders that systems and network drives leave in others, without recordings of anybody.
const SYSTEM_FOLDERS: [&str; 5] = [
    "__MACOSX",
    "@eaDir",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
];

/// Whether a file name ends in one of [`AUDIO_EXTENSIONS`].
pub fn is_audio_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| AUDIO_EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// The paths directly in a folder, sorted.
pub(super) fn list_folder(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let entries = std::fs::read_dir(folder).map_err(DataError::reading(folder))?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(DataError::reading(folder))?;
    paths.sort();
    Ok(paths)
}

/// The files and the folders directly in a folder, without hidden ones and those of the system, sorted; links are
/// followed.
pub(super) fn visible(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let is_hidden = |name: &OsStr| {
        name.as_encoded_bytes().starts_with(b".") || SYSTEM_FOLDERS.iter().any(|own| name == *own)
    };
    let hidden = |path: &PathBuf| path.file_name().is_some_and(is_hidden);
    let paths = list_folder(folder)?.into_iter().filter(|path| !hidden(path));
    let (files, mut folders): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| !path.is_dir());
    folders.retain(|path| !leads_back(path, folder));
    Ok((files, folders))
}

/// Whether a path in `folder` is a link to that folder or to one around it: it holds nothing of its own.
fn leads_back(path: &Path, folder: &Path) -> bool {
    let leads_to = |target: PathBuf| folder.canonicalize().is_ok_and(|here| here.starts_with(target));
    path.is_symlink() && path.canonicalize().is_ok_and(leads_to)
}

/// Whether there is audio at any depth below a folder.
pub(super) fn has_audio(folder: &Path) -> Result<bool, DataError> {
    Ok(files_below(folder)?.iter().any(|path| is_audio_name(path)))
}

/// All files below a folder, sorted within each folder. Links are followed, each folder once: under its own name rather
/// than that of a link to it. Folders that can't be listed are among the files, for [`audio_name`] to name.
///
/// # Errors
/// If there is no such folder.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut walk = Walk::default();
    if let Err(error) = walk.list(folder) {
        if !folder.is_dir() {
            return Err(error);
        }
        walk.files.push(folder.to_owned());
    }
    while let Some(link) = walk.links.pop_first() {
        walk.folder(&link);
    }
    // Files of a folder before those of folders in it.
    walk.files.sort_by(|a, b| (a.parent(), a).cmp(&(b.parent(), b)));
    Ok(walk.files)
}

/// A walk through a folder that links can't make endless.
#[derive(Default)]
struct Walk {
    files: Vec<PathBuf>,
    /// Real paths of the folders so far.
    listed: HashSet<PathBuf>,
    /// Links to folders, which come after all that is really there.
    links: BTreeSet<PathBuf>,
}

impl Walk {
    /// Lists a folder, or adds it where it can't be listed.
    fn folder(&mut self, folder: &Path) {
        if self.list(folder).is_err() {
            self.files.push(folder.to_owned());
        }
    }

    /// Lists a folder and those in it; fails for the folder itself alone.
    fn list(&mut self, folder: &Path) -> Result<(), DataError> {
        let real = folder.canonicalize().map_err(DataError::reading(folder))?;
        if !self.listed.insert(real) {
            return Ok(());
        }
        let (mut here, folders) = visible(folder)?;
        self.files.append(&mut here);
        for inner in folders {
            match inner.is_symlink() {
                true => {
                    self.links.insert(inner);
                }
                false => self.folder(&inner),
            }
        }
        Ok(())
    }
}

/// The name of a recording below `root`, with `/` on every system; or why the file is not a recording of the set: it is
/// not audio, it is `misplaced`, its name cannot be written to a table, or it can't be read as a file.
pub(super) fn audio_name(root: &Path, path: &Path, misplaced: Option<SkipReason>) -> Result<String, Skipped> {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let pieces: Vec<_> = relative.iter().map(|p| p.to_string_lossy()).collect();
    let file = pieces.join("/");
    let reason = match misplaced {
        // Before its name: what is in it may be audio.
        _ if path.is_dir() => SkipReason::Unlisted,
        _ if !is_audio_name(path) => SkipReason::NotAudio,
        Some(reason) => reason,
        None if relative.to_str().is_none() => SkipReason::FileName,
        None => match irregular(path) {
            Some(reason) => reason,
            None => return Ok(file),
        },
    };
    Err(Skipped { file, reason })
}

/// Why an entry of a folder can't be read as a file; `None` for a regular file. It is not opened.
fn irregular(path: &Path) -> Option<SkipReason> {
    match std::fs::metadata(path) {
        Ok(found) => (!found.is_file()).then_some(SkipReason::NotRegular),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(SkipReason::DanglingLink),
        Err(_) => Some(SkipReason::Inaccessible),
    }
}
