//! Audio files in folders: which names are audio, and what is below a folder.

use std::path::{Path, PathBuf};

use crate::dataset::error::DataError;
use crate::dataset::item::{SkipReason, Skipped};

/// File extensions of audio, in any letter case.
pub const AUDIO_EXTENSIONS: [&str; 12] = [
    "wav", "wave", "flac", "ogg", "oga", "mp3", "m4a", "mp4", "aac", "aif", "aiff", "aifc",
];

/// Folders deeper than this are a loop of links rather than a data set.
const MAX_DEPTH: usize = 32;

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

/// The files and the folders directly in a folder, without hidden ones, sorted; links are followed.
pub(super) fn visible(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let hidden = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|n| n.as_encoded_bytes().starts_with(b"."))
    };
    let paths = list_folder(folder)?.into_iter().filter(|path| !hidden(path));
    Ok(paths.partition(|path| !path.is_dir()))
}

/// Whether there is audio at any depth below a folder.
pub(super) fn has_audio(folder: &Path) -> Result<bool, DataError> {
    Ok(files_below(folder)?.iter().any(|path| is_audio_name(path)))
}

/// All files below a folder, sorted within each folder.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    walk(folder, MAX_DEPTH, &mut files)?;
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    if depth == 0 {
        let problem = format!("folders are nested more than {MAX_DEPTH} deep; check for a link that loops");
        return Err(DataError::reading(folder)(std::io::Error::other(problem)));
    }
    let (mut here, folders) = visible(folder)?;
    files.append(&mut here);
    folders.iter().try_for_each(|f| walk(f, depth - 1, files))
}

/// The name of a recording below `root`, with `/` on every system; or why the file is not a recording of the set: it is not
/// audio, it is `misplaced`, or its name cannot be written to a table.
pub(super) fn audio_name(root: &Path, path: &Path, misplaced: Option<SkipReason>) -> Result<String, Skipped> {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let pieces: Vec<_> = relative.iter().map(|p| p.to_string_lossy()).collect();
    let file = pieces.join("/");
    let reason = match misplaced {
        _ if !is_audio_name(path) => SkipReason::NotAudio,
        Some(reason) => reason,
        None if relative.to_str().is_none() => SkipReason::FileName,
        None => return Ok(file),
    };
    Err(Skipped { file, reason })
}
