//! The layout `folders`: a folder a class, recordings at any depth below it.
//!
//! If every folder directly in the root has the name of a part (`train`, `test`, ...), then those
//! are the parts and the classes are one level further down. Hidden files and folders are ignored;
//! other files that are no audio are listed as skipped.

use std::path::{Path, PathBuf};

use super::assemble::{Row, Rows};
use super::error::DataError;
use super::is_audio_name;
use super::options::DataOptions;
use crate::item::{SkipReason, Skipped};

/// Folder names that mean a part of the set, not a class.
const PARTS: [&str; 7] = ["train", "training", "valid", "validation", "val", "test", "eval"];

/// Folders deeper than this are a loop of links rather than a data set.
const MAX_DEPTH: usize = 32;

pub(super) fn load(root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
    let mut rows = Rows::default();
    let folders = visible(root)?.folders;
    let is_part = |p: &PathBuf| PARTS.iter().any(|part| p.ends_with(part));
    if options.read_labels && !folders.is_empty() && folders.iter().all(is_part) {
        for folder in folders {
            let part = text(&folder, &folder)?.to_owned();
            if options.wants(&part) {
                load_part(root, &folder, &part, true, &mut rows)?;
            }
        }
    } else {
        load_part(root, root, "train", options.read_labels, &mut rows)?;
    }
    rows.skipped.sort_by(|a, b| a.file.cmp(&b.file));
    if rows.rows.is_empty() {
        return Err(DataError::EmptyFolder { folder: root.into() });
    }
    Ok(rows)
}

/// Reads the class folders of one part; without labels, all audio below it.
fn load_part(
    root: &Path,
    folder: &Path,
    part: &str,
    labelled: bool,
    rows: &mut Rows,
) -> Result<(), DataError> {
    let push = |path: PathBuf, labels: Vec<String>, rows: &mut Rows| -> Result<(), DataError> {
        rows.rows.push(Row {
            file: below(root, &path)?,
            path,
            labels,
            part: part.to_owned(),
            fold: None,
            group: None,
            verified: None,
            line: None,
        });
        Ok(())
    };
    let top = visible(folder)?;
    for path in top.files {
        if is_audio_name(&path) && !labelled {
            push(path, Vec::new(), rows)?;
        } else {
            let reason = if is_audio_name(&path) {
                SkipReason::NoClassFolder
            } else {
                SkipReason::NotAudio
            };
            rows.skipped.push(Skipped {
                file: below(root, &path)?,
                reason,
            });
        }
    }
    for class_folder in top.folders {
        let class = text(&class_folder, &class_folder)?.to_owned();
        let mut files = Vec::new();
        walk(&class_folder, MAX_DEPTH, &mut files)?;
        if files.is_empty() && labelled {
            return Err(DataError::EmptyFolder { folder: class_folder });
        }
        for path in files {
            if is_audio_name(&path) {
                let labels = if labelled { vec![class.clone()] } else { Vec::new() };
                push(path, labels, rows)?;
            } else {
                rows.skipped.push(Skipped {
                    file: below(root, &path)?,
                    reason: SkipReason::NotAudio,
                });
            }
        }
    }
    Ok(())
}

/// The names of all audio files below a folder, sorted; and what was skipped.
pub(super) fn audio_files(folder: &Path) -> Result<(Vec<String>, Vec<Skipped>), DataError> {
    let mut files = Vec::new();
    walk(folder, MAX_DEPTH, &mut files)?;
    let (mut audio, mut skipped) = (Vec::new(), Vec::new());
    for path in files {
        let name = below(folder, &path)?;
        if is_audio_name(&path) {
            audio.push(name);
        } else {
            skipped.push(Skipped {
                file: name,
                reason: SkipReason::NotAudio,
            });
        }
    }
    if audio.is_empty() {
        return Err(DataError::EmptyFolder {
            folder: folder.into(),
        });
    }
    Ok((audio, skipped))
}

/// Whether any folder directly in `root` holds audio at some depth.
pub(super) fn recognised(root: &Path) -> Result<bool, DataError> {
    for folder in visible(root)?.folders {
        let mut files = Vec::new();
        walk(&folder, MAX_DEPTH, &mut files)?;
        if files.iter().any(|f| is_audio_name(f)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What lies directly in a folder, sorted.
struct Entries {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

/// The files and folders that are not hidden; links are followed.
fn visible(folder: &Path) -> Result<Entries, DataError> {
    let fail = |source| DataError::Read {
        path: folder.into(),
        source,
    };
    let mut entries = Entries {
        files: Vec::new(),
        folders: Vec::new(),
    };
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path
            .file_name()
            .is_some_and(|n| n.as_encoded_bytes().starts_with(b"."))
        {
            continue;
        }
        if path.is_dir() {
            entries.folders.push(path)
        } else {
            entries.files.push(path)
        }
    }
    entries.files.sort();
    entries.folders.sort();
    Ok(entries)
}

/// Collects all files below a folder, sorted within each folder.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    if depth == 0 {
        let source = std::io::Error::other(format!(
            "more than {MAX_DEPTH} folders inside each other; is a link a loop?"
        ));
        return Err(DataError::Read {
            path: folder.into(),
            source,
        });
    }
    let entries = visible(folder)?;
    files.extend(entries.files);
    entries.folders.iter().try_for_each(|f| walk(f, depth - 1, files))
}

/// The path below `root` with `/` between its pieces, on every system.
fn below(root: &Path, path: &Path) -> Result<String, DataError> {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let pieces: Result<Vec<&str>, DataError> = relative.iter().map(|p| text(Path::new(p), path)).collect();
    Ok(pieces?.join("/"))
}

/// The last piece of a path as text.
fn text<'a>(piece: &'a Path, whole: &Path) -> Result<&'a str, DataError> {
    piece
        .file_name()
        .and_then(|n| n.to_str())
        .ok_or_else(|| DataError::FileName { path: whole.into() })
}
