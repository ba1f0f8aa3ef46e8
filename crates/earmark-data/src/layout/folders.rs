//! The layout `folders`: one folder per class, recordings at any depth below it.
//!
//! Folders named like subsets (`train`, `test set`, ...) or folds (`fold1`, ...), in any letter case, are those, and
//! the classes are one level further down ([`level`](super::class_folders::level) says when). Names of classes are
//! trimmed. Hidden files and folders are ignored; other files that are not audio are listed as skipped.

use std::path::{Path, PathBuf};

use super::audio_files::{audio_name, files_below, has_audio, is_audio_name, visible};
use super::birdnet_segments::group_segments;
use super::class_folders::{Level, Part, Parts, classes_inside, folder_names, level};
use super::interface::{Layout, Row, Rows};
use super::linked_twice::leave_out_second_names;
use super::options::{DataOptions, TABLE_OPTIONS};
use super::other_table::other_table;
use crate::dataset::error::DataError;
use crate::dataset::item::{Item, SkipReason};

/// The recipe that `earmark init` writes into a data folder: not a file that was left out.
const OWN: &str = "recipe.toml";

pub(super) struct Folders;

impl Layout for Folders {
    fn unused_options(&self) -> usize {
        TABLE_OPTIONS.len()
    }

    /// Whether any folder directly in `root` contains audio at some depth; without labels, whether there is audio at
    /// all.
    fn recognise(&self, root: &Path, options: &DataOptions) -> Result<bool, DataError> {
        let (files, folders) = visible(root)?;
        for folder in folders {
            if has_audio(&folder)? {
                return Ok(true);
            }
        }
        Ok(!options.read_labels && files.iter().any(|path| is_audio_name(path)))
    }

    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let mut reader = FolderReader {
            root,
            options,
            rows: Rows::default(),
            subsets: Vec::new(),
        };
        reader.read(
            root,
            &Place {
                subset: "train".into(),
                fold: None,
            },
        )?;
        let FolderReader {
            mut rows, subsets, ..
        } = reader;
        leave_out_second_names(root, &mut rows);
        if options.read_labels {
            group_segments(&mut rows);
        }
        rows.skipped.sort_by(|a, b| a.file.cmp(&b.file));
        // A subset that is not wanted gives no rows, but it is there.
        let is_read = |wanted: &str| rows.rows.iter().any(|row| row.item.subset == wanted);
        let unknown = |wanted: &&String| !subsets.contains(*wanted) && !is_read(wanted);
        let mut wanted = options.subsets.iter().flatten();
        if let Some(subset) = wanted.find(unknown).filter(|_| !subsets.is_empty()) {
            let present = subsets.iter().map(String::as_str);
            return Err(DataError::unknown_subset(root, subset, present));
        }
        if rows.rows.is_empty() {
            return Err(DataError::EmptyFolder(root.into()));
        }
        Ok(rows)
    }
}

/// Where in the set a folder is.
#[derive(Clone)]
struct Place {
    subset: String,
    fold: Option<u32>,
}

struct FolderReader<'a> {
    root: &'a Path,
    options: &'a DataOptions,
    rows: Rows,
    /// The subsets that folders are named after, also those that are not wanted.
    subsets: Vec<String>,
}

impl FolderReader<'_> {
    /// Reads a folder of subsets, of folds or of classes; without labels, all audio unless a subset of it is wanted.
    fn read(&mut self, folder: &Path, place: &Place) -> Result<(), DataError> {
        if !self.options.read_labels && self.options.subsets.is_none() {
            return self.read_classes(folder, place);
        }
        match self.level(folder)? {
            Level::Parts(parts) | Level::BareParts(parts) => self.read_parts(folder, parts, place),
            Level::Classes => self.read_classes(folder, place),
        }
    }

    /// What the folders of a level are; with labels, parts without class folders inside are refused.
    fn level(&self, folder: &Path) -> Result<Level, DataError> {
        match level(folder)? {
            Level::BareParts(parts) if self.options.read_labels => {
                Err(no_classes_inside(folder, &parts.folders))
            }
            Level::BareParts(parts) => Ok(Level::Parts(parts)),
            found => Ok(found),
        }
    }

    /// Reads subsets, whose folders may hold folds, or folds. What is next to them is left out and named; without
    /// labels it is read too, each folder as a subset.
    fn read_parts(&mut self, folder: &Path, parts: Parts, place: &Place) -> Result<(), DataError> {
        for (path, part) in &parts.folders {
            match part {
                Part::Fold(fold) => {
                    let fold = Some(*fold);
                    let place = Place {
                        fold,
                        ..place.clone()
                    };
                    self.read_classes(path, &place)?;
                }
                Part::Subset(subset) => {
                    self.subsets.push(subset.clone());
                    let subset = subset.clone();
                    if self.options.wants(&subset) {
                        self.read_subset(
                            path,
                            &Place {
                                subset,
                                ..place.clone()
                            },
                        )?;
                    }
                }
            }
        }
        let labelled = self.options.read_labels;
        let misplaced = || labelled.then_some(SkipReason::OtherFolder);
        let own = self.root.join(OWN);
        for path in visible(folder)?.0.into_iter().filter(|path| *path != own) {
            self.add(path, None, place, misplaced());
        }
        let mut left_out = Vec::new();
        for other in &parts.others {
            let name = other
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let place = match labelled {
                true => place.clone(),
                false => Place {
                    subset: name,
                    fold: None,
                },
            };
            let files = files_below(other)?;
            left_out.extend(files.iter().any(|path| is_audio_name(path)).then_some(other));
            for path in files {
                self.add(path, None, &place, misplaced());
            }
        }
        if labelled && !left_out.is_empty() {
            let read = folder_names(parts.folders.iter().map(|(path, _)| path));
            let note = format!("left out: {}, next to the folders {read}", folder_names(left_out));
            self.rows.notes.push(note);
        }
        Ok(())
    }

    /// Reads a subset: classes, or folds with the classes inside.
    fn read_subset(&mut self, folder: &Path, place: &Place) -> Result<(), DataError> {
        if visible(folder).is_err() {
            return self.read_classes(folder, place); // which names it
        }
        match self.level(folder)? {
            Level::Parts(parts)
                if parts
                    .folders
                    .iter()
                    .all(|(_, part)| matches!(part, Part::Fold(_))) =>
            {
                self.read_parts(folder, parts, place)
            }
            _ => self.read_classes(folder, place),
        }
    }

    /// Reads class folders; without labels, all audio below the folder.
    fn read_classes(&mut self, folder: &Path, place: &Place) -> Result<(), DataError> {
        let labelled = self.options.read_labels;
        let (files, class_folders) = match visible(folder) {
            // A subset or a fold that can't be listed does not cost the others.
            Err(_) if folder != self.root => {
                self.add(folder.to_owned(), None, place, None);
                return Ok(());
            }
            listed => listed?,
        };
        if labelled {
            self.rows.notes.extend(classes_inside(&class_folders));
        }
        let own = self.root.join(OWN);
        for path in files.into_iter().filter(|path| *path != own) {
            self.add(path, None, place, labelled.then_some(SkipReason::NoClassFolder));
        }
        for class_folder in class_folders {
            let files = files_below(&class_folder)?;
            if files.is_empty() && labelled {
                return Err(DataError::EmptyFolder(class_folder));
            }
            // Where the folder's name is not UTF-8, neither is any path below it.
            let class = class_folder.file_name().and_then(|n| n.to_str()).map(str::trim);
            if labelled && class == Some("") {
                let problem = "the name of this class folder is nothing but spaces; rename it".to_owned();
                return Err(DataError::at(&class_folder, problem));
            }
            for path in files {
                self.add(path, class.filter(|_| labelled), place, None);
            }
        }
        Ok(())
    }

    /// Adds a recording, or what is left out.
    fn add(&mut self, path: PathBuf, class: Option<&str>, place: &Place, misplaced: Option<SkipReason>) {
        match audio_name(self.root, &path, misplaced) {
            Ok(file) => self.rows.rows.push(Row {
                item: Item {
                    file,
                    path,
                    subset: place.subset.clone(),
                    fold: place.fold,
                    ..Item::default()
                },
                labels: class.map(str::to_owned).into_iter().collect(),
            }),
            Err(skipped) => self.rows.skipped.push(skipped),
        }
    }
}

fn no_classes_inside(root: &Path, folders: &[(PathBuf, Part)]) -> DataError {
    let names = folder_names(folders.iter().map(|(path, _)| path));
    let what = match folders.iter().any(|(_, part)| part.is_subset()) {
        true => "subsets",
        false => "folds",
    };
    let remedy = match other_table(root) {
        Some(table) => format!("or rename them if they are classes; {table}"),
        None => "rename them if they are classes, or name the table with --table".to_owned(),
    };
    DataError::at(
        root,
        format!(
            "the folders {names} are named like {what}, but recordings are directly in them and not in a folder per \
             class; put one folder per class into each, {remedy}"
        ),
    )
}
