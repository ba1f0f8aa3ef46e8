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

/// The recipe that `earmark init` writes beside one's sounds: ours, and no file that was left out.
const OWN: &str = "recipe.toml";

pub(super) fn load(root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
    let mut rows = Rows::default();
    let folders = visible(root)?.folders;
    let part_of = |p: &PathBuf| PARTS.into_iter().find(|part| p.ends_with(part));
    let parts: Option<Vec<&str>> = folders.iter().map(part_of).collect();
    match parts {
        Some(parts) if options.read_labels && !parts.is_empty() => {
            for (folder, part) in folders.iter().zip(parts) {
                if options.wants(part) {
                    load_part(root, folder, part, true, &mut rows)?;
                }
            }
        }
        _ => load_part(root, root, "train", options.read_labels, &mut rows)?,
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
    let top = visible(folder)?;
    let files = top.files.into_iter().filter(|p| *p != root.join(OWN));
    let lost = labelled.then_some(SkipReason::NoClassFolder);
    for path in files {
        match named(root, &path, lost.clone()) {
            Ok(file) => rows.rows.push(row(file, path, Vec::new(), part)),
            Err(skipped) => rows.skipped.push(skipped),
        }
    }
    for class_folder in top.folders {
        let mut files = Vec::new();
        walk(&class_folder, MAX_DEPTH, &mut files)?;
        if files.is_empty() && labelled {
            return Err(DataError::EmptyFolder { folder: class_folder });
        }
        // A class whose name is no text has no file whose name is.
        let class = class_folder
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        for path in files {
            let labels = if labelled {
                vec![class.to_owned()]
            } else {
                Vec::new()
            };
            match named(root, &path, None) {
                Ok(file) => rows.rows.push(row(file, path, labels, part)),
                Err(skipped) => rows.skipped.push(skipped),
            }
        }
    }
    Ok(())
}

fn row(file: String, path: PathBuf, labels: Vec<String>, part: &str) -> Row {
    Row {
        file,
        path,
        labels,
        part: part.to_owned(),
        fold: None,
        group: None,
        verified: None,
        line: None,
    }
}

/// The name of a recording below `root`, else why the file is no recording of the set: it is no audio, or `lost` by its place, or
/// its name can't be written to a table.
fn named(root: &Path, path: &Path, lost: Option<SkipReason>) -> Result<String, Skipped> {
    let (file, is_text) = below(root, path);
    let reason = match (is_audio_name(path), lost) {
        (false, _) => SkipReason::NotAudio,
        (true, Some(lost)) => lost,
        (true, None) if !is_text => SkipReason::FileName,
        (true, None) => return Ok(file),
    };
    Err(Skipped { file, reason })
}

/// The names of all audio files below a folder, sorted; and what was skipped.
pub(super) fn audio_files(folder: &Path) -> Result<(Vec<String>, Vec<Skipped>), DataError> {
    let mut files = Vec::new();
    walk(folder, MAX_DEPTH, &mut files)?;
    let (mut audio, mut skipped) = (Vec::new(), Vec::new());
    for path in files {
        match named(folder, &path, None) {
            Ok(file) => audio.push(file),
            Err(left) => skipped.push(left),
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

/// The path below the root with `/` between its pieces, on every system, and whether all of it is text; what is not is shown as
/// well as it can be.
fn below(root: &Path, path: &Path) -> (String, bool) {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let pieces: Vec<_> = relative.iter().map(|p| p.to_string_lossy()).collect();
    (pieces.join("/"), relative.to_str().is_some())
}
