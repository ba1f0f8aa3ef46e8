//! The layout `folders`: one folder per class, recordings at any depth below it.
//!
//! If every folder directly in the root has the name of a subset (`train`, `test`, ...), then those
//! are the subsets and the classes are one level further down. Hidden files and folders are ignored;
//! other files that are not audio are listed as skipped.

use std::path::{Path, PathBuf};

use super::audio_files::{audio_name, files_below, is_audio_name, visible};
use super::interface::{Layout, Row, Rows};
use super::options::{DataOptions, TABLE_OPTIONS};
use crate::dataset::error::DataError;
use crate::dataset::item::{Item, SkipReason};

/// Folder names that mean a subset, not a class.
const SUBSETS: [&str; 7] = ["train", "training", "valid", "validation", "val", "test", "eval"];

/// The recipe that `earmark init` writes into a data folder: not a file that was left out.
const OWN: &str = "recipe.toml";

pub(super) struct Folders;

impl Layout for Folders {
    fn unused_options(&self) -> usize {
        TABLE_OPTIONS.len()
    }

    /// Whether any folder directly in `root` contains audio at some depth.
    fn recognise(&self, root: &Path) -> Result<bool, DataError> {
        for folder in visible(root)?.1 {
            if files_below(&folder)?.iter().any(|f| is_audio_name(f)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let mut rows = Rows::default();
        let (_, folders) = visible(root)?;
        let subset_of = |p: &PathBuf| SUBSETS.into_iter().find(|subset| p.ends_with(subset));
        let subsets: Option<Vec<&str>> = folders.iter().map(subset_of).collect();
        match subsets {
            Some(subsets) if options.read_labels && !subsets.is_empty() => {
                for (folder, subset) in folders.iter().zip(subsets) {
                    if options.wants(subset) {
                        read_subset(root, folder, subset, true, &mut rows)?;
                    }
                }
            }
            _ => read_subset(root, root, "train", options.read_labels, &mut rows)?,
        }
        rows.skipped.sort_by(|a, b| a.file.cmp(&b.file));
        if rows.rows.is_empty() {
            return Err(DataError::EmptyFolder(root.into()));
        }
        Ok(rows)
    }
}

/// Reads the class folders of one subset; without labels, all audio below it.
fn read_subset(
    root: &Path,
    folder: &Path,
    subset: &str,
    labelled: bool,
    rows: &mut Rows,
) -> Result<(), DataError> {
    let mut add = |path: PathBuf, labels: Vec<String>, misplaced| match audio_name(root, &path, misplaced) {
        Ok(file) => rows.rows.push(Row {
            item: Item {
                file,
                path,
                subset: subset.to_owned(),
                ..Item::default()
            },
            labels,
        }),
        Err(skipped) => rows.skipped.push(skipped),
    };
    let (files, class_folders) = visible(folder)?;
    for path in files.into_iter().filter(|p| *p != root.join(OWN)) {
        add(path, Vec::new(), labelled.then_some(SkipReason::NoClassFolder));
    }
    for class_folder in class_folders {
        let files = files_below(&class_folder)?;
        if files.is_empty() && labelled {
            return Err(DataError::EmptyFolder(class_folder));
        }
        // Where the folder's name is not UTF-8, neither is any path below it.
        let class = class_folder.file_name().and_then(|n| n.to_str());
        for path in files {
            let label = class.filter(|_| labelled).map(str::to_owned);
            add(path, label.into_iter().collect(), None);
        }
    }
    Ok(())
}
