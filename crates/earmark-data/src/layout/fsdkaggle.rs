//! The layouts `fsdkaggle2018` and `fsdkaggle2019`: the same shape with other names.
//!
//! Both sets exist under two namings: the one of the Kaggle competitions and the one of the archives
//! on Zenodo (`FSDKaggle2019.meta/...`). Each part takes the first table and the first audio folder
//! that exist. The test part works without its truth: then the names come from
//! `sample_submission.csv`, or else from the folder, and there are no labels.

use std::path::{Path, PathBuf};

use super::assemble::{Row, Rows};
use super::error::DataError;
use super::folders::audio_files;
use super::options::{DataOptions, LayoutKind};
use super::table::Table;
use crate::labels::split_labels;

/// What differs between the two years.
pub(super) struct Year {
    /// The parts with labels for training.
    train: &'static [Part],
    test: Part,
    label_column: &'static str,
    /// "" where a clip has exactly one label.
    separator: &'static str,
}

/// A part and the names under which it is known, below the data folder.
struct Part {
    name: &'static str,
    tables: &'static [&'static str],
    folders: &'static [&'static str],
}

/// File names of FSDKaggle2018.
pub(super) const YEAR_2018: Year = Year {
    train: &[Part {
        name: "train",
        tables: &[
            "train.csv",
            "FSDKaggle2018.meta/train_post_competition.csv",
            "train_post_competition.csv",
        ],
        folders: &["audio_train", "FSDKaggle2018.audio_train"],
    }],
    test: Part {
        name: "test",
        tables: &[
            "test_post_competition.csv",
            "test_post_competition_scoring_clips.csv",
            "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv",
            "FSDKaggle2018.meta/test_post_competition.csv",
        ],
        folders: &["audio_test", "FSDKaggle2018.audio_test"],
    },
    label_column: "label",
    separator: "",
};

/// File names of FSDKaggle2019.
pub(super) const YEAR_2019: Year = Year {
    train: &[
        Part {
            name: "curated",
            tables: &[
                "train_curated.csv",
                "FSDKaggle2019.meta/train_curated_post_competition.csv",
                "train_curated_post_competition.csv",
            ],
            folders: &["train_curated", "FSDKaggle2019.audio_train_curated"],
        },
        Part {
            name: "noisy",
            tables: &[
                "train_noisy.csv",
                "FSDKaggle2019.meta/train_noisy_post_competition.csv",
                "train_noisy_post_competition.csv",
            ],
            folders: &["train_noisy", "FSDKaggle2019.audio_train_noisy"],
        },
    ],
    test: Part {
        name: "test",
        tables: &[
            "test_post_competition.csv",
            "FSDKaggle2019.meta/test_post_competition.csv",
        ],
        folders: &["test", "FSDKaggle2019.audio_test"],
    },
    label_column: "labels",
    separator: ",",
};

/// Names the test clips where their labels are not published.
pub(super) const SUBMISSION: &str = "sample_submission.csv";

impl Year {
    /// Whether `root` holds this year: a training table of a name that no one else uses, `train.csv`
    /// beside its audio folder, or a sample submission beside the test folder.
    pub fn recognised(&self, root: &Path) -> bool {
        let is_there = |name: &&&str| root.join(name).exists();
        let train = self.train.iter().any(|p| {
            let audio = p.folders.iter().any(|f| root.join(f).is_dir());
            p.tables
                .iter()
                .find(is_there)
                .is_some_and(|t| *t != "train.csv" || audio)
        });
        // The Zenodo names of the test table stand in a folder that bears the name of the set.
        let test = self
            .test
            .tables
            .iter()
            .filter(|t| t.contains('/'))
            .any(|t| is_there(&t));
        let submission =
            root.join(SUBMISSION).is_file() && self.test.folders.iter().any(|f| root.join(f).is_dir());
        train || test || submission
    }
}

fn first_existing(root: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|n| root.join(n)).find(|p| p.exists())
}

/// Reads all parts that have a table, and the test part also without.
pub(super) fn load(
    root: &Path,
    year: &Year,
    layout: LayoutKind,
    options: &DataOptions,
) -> Result<Rows, DataError> {
    let mut rows = Rows {
        multi_label: !year.separator.is_empty(),
        ..Rows::default()
    };
    for part in year.train.iter().filter(|p| options.wants(p.name)) {
        if let Some(table) = first_existing(root, part.tables) {
            read_part(root, part, &table, year, options, &mut rows)?;
        }
    }
    if options.wants(year.test.name) {
        if let Some(table) = first_existing(root, year.test.tables) {
            read_part(root, &year.test, &table, year, options, &mut rows)?;
        } else if let Some(folder) = first_existing(root, year.test.folders) {
            read_unlabelled(root, &folder, &mut rows)?;
        }
    }
    if rows.rows.is_empty() {
        let tables = year.train.iter().flat_map(|p| p.tables).chain(year.test.tables);
        let tried = tables.chain([&SUBMISSION]).map(|&t| t.to_owned()).collect();
        return Err(DataError::NoTable {
            root: root.into(),
            layout,
            tried,
        });
    }
    Ok(rows)
}

/// Reads a table with labels.
fn read_part(
    root: &Path,
    part: &Part,
    path: &Path,
    year: &Year,
    options: &DataOptions,
    rows: &mut Rows,
) -> Result<(), DataError> {
    let table = Table::open(path)?;
    let file_column = table.require(&["fname"], None)?;
    let label_column = if options.read_labels {
        Some(table.require(&[year.label_column], None)?)
    } else {
        None
    };
    let verified_column = table.find(&["manually_verified"]);
    let fold_column = table.optional(options.fold_column.as_deref(), &[], "fold-column")?;
    let group_column = table.optional(options.group_column.as_deref(), &[], "group-column")?;
    let folder = first_existing(root, part.folders).ok_or_else(|| DataError::NoAudioFolder {
        table: path.into(),
        part: part.name.into(),
        root: root.into(),
        tried: part.folders.iter().map(|f| format!("{f}/")).collect(),
    })?;
    let is_test = part.name == year.test.name;
    for row in &table.rows {
        let fail = |problem: String| DataError::row(path, row.line, problem);
        let file = row.file_name(file_column).map_err(&fail)?;
        let mut labels = match label_column {
            Some(c) => split_labels(row.cell(c), year.separator).map_err(|e| fail(e.to_string()))?,
            None => Vec::new(),
        };
        // Quirk(fsdkaggle2018): test clips that were not scored are listed with the label "None".
        if is_test && labels == ["None"] {
            labels.clear();
        }
        if labels.is_empty() && !is_test && label_column.is_some() {
            return Err(fail(format!("{file:?} has no label; add one or remove the row")));
        }
        let verified = match verified_column.map(|c| row.cell(c)) {
            None | Some("") => None,
            Some("0") => Some(false),
            Some("1") => Some(true),
            Some(other) => return Err(fail(format!("manually_verified is {other:?}; write 0 or 1"))),
        };
        rows.rows.push(Row {
            path: folder.join(&file),
            file,
            labels,
            part: part.name.into(),
            fold: row.fold(fold_column).map_err(&fail)?,
            group: row.text(group_column),
            verified,
            line: Some(row.line),
        });
    }
    rows.tables.insert(part.name.into(), path.into());
    Ok(())
}

/// The test clips by name only: from the sample submission, else from the folder.
fn read_unlabelled(root: &Path, folder: &Path, rows: &mut Rows) -> Result<(), DataError> {
    let unlabelled = |file: String, line: Option<usize>| Row {
        path: folder.join(&file),
        file,
        labels: Vec::new(),
        part: "test".into(),
        fold: None,
        group: None,
        verified: None,
        line,
    };
    let submission = root.join(SUBMISSION);
    if submission.is_file() {
        let table = Table::open(&submission)?;
        let column = table.require(&["fname"], None)?;
        for row in &table.rows {
            let file = row
                .file_name(column)
                .map_err(|p| DataError::row(&submission, row.line, p))?;
            rows.rows.push(unlabelled(file, Some(row.line)));
        }
        rows.tables.insert("test".into(), submission);
    } else {
        let (files, skipped) = audio_files(folder)?;
        rows.rows
            .extend(files.into_iter().map(|file| unlabelled(file, None)));
        rows.skipped.extend(skipped);
    }
    Ok(())
}
