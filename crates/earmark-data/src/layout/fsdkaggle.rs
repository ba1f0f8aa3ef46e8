//! The layouts `fsdkaggle2018` and `fsdkaggle2019`: the same shape with other names.
//!
//! Both sets exist with two sets of names: those of the Kaggle competitions and those of the archives
//! on Zenodo (`FSDKaggle2019.meta/...`). Each subset takes the first table and the first audio folder
//! that exist. The test subset works without its labels: then the names come from
//! `sample_submission.csv`, or else from the folder.

use std::path::{Path, PathBuf};

use earmark_core::labels::LabelRule;

use super::audio_files::{audio_name, files_below};
use super::interface::{Columns, Layout, Row, Rows};
use super::kind::LayoutKind;
use super::options::DataOptions;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;
use crate::table::columns::Table;

/// The names of one year.
pub(super) struct Year {
    kind: LayoutKind,
    /// The subsets with labels for training.
    train: &'static [Subset],
    test: Subset,
    label_column: &'static str,
    /// "" where a clip has exactly one label.
    separator: &'static str,
}

/// A subset and the names under which it is known, below the data folder.
struct Subset {
    name: &'static str,
    tables: &'static [&'static str],
    folders: &'static [&'static str],
}

/// File names of FSDKaggle2018.
pub(super) const YEAR_2018: Year = Year {
    kind: LayoutKind::Fsdkaggle2018,
    train: &[Subset {
        name: "train",
        tables: &[
            "train.csv",
            "FSDKaggle2018.meta/train_post_competition.csv",
            "train_post_competition.csv",
        ],
        folders: &["audio_train", "FSDKaggle2018.audio_train"],
    }],
    test: Subset {
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
    kind: LayoutKind::Fsdkaggle2019,
    train: &[
        Subset {
            name: "curated",
            tables: &[
                "train_curated.csv",
                "FSDKaggle2019.meta/train_curated_post_competition.csv",
                "train_curated_post_competition.csv",
            ],
            folders: &["train_curated", "FSDKaggle2019.audio_train_curated"],
        },
        Subset {
            name: "noisy",
            tables: &[
                "train_noisy.csv",
                "FSDKaggle2019.meta/train_noisy_post_competition.csv",
                "train_noisy_post_competition.csv",
            ],
            folders: &["train_noisy", "FSDKaggle2019.audio_train_noisy"],
        },
    ],
    test: Subset {
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
const SUBMISSION: &str = "sample_submission.csv";

impl Layout for Year {
    /// Whether `root` contains this year: a training table whose name no other set uses, `train.csv`
    /// next to its audio folder, or a sample submission next to the test folder.
    fn recognise(&self, root: &Path, _: &DataOptions) -> Result<bool, DataError> {
        let is_there = |name: &&&str| root.join(name).exists();
        let has_audio = |subset: &Subset| subset.folders.iter().any(|f| root.join(f).is_dir());
        let train = self.train.iter().any(|subset| {
            let table = subset.tables.iter().find(is_there);
            table.is_some_and(|t| *t != "train.csv" || has_audio(subset))
        });
        // Zenodo's test tables are in a folder with the name of the set.
        let mut tables = self.test.tables.iter();
        let test = tables.any(|t| t.contains('/') && is_there(&t));
        Ok(train || test || root.join(SUBMISSION).is_file() && has_audio(&self.test))
    }

    /// Reads all subsets that have a table, and the test subset even without one.
    fn read(&self, root: &Path, options: &DataOptions) -> Result<Rows, DataError> {
        let mut rows = Rows {
            multi_label: !self.separator.is_empty(),
            ..Rows::default()
        };
        for subset in self.train.iter().filter(|subset| options.wants(subset.name)) {
            if let Some(table) = first_existing(root, subset.tables) {
                self.read_subset(root, subset, table, options, &mut rows)?;
            }
        }
        if options.wants(self.test.name) {
            if let Some(table) = first_existing(root, self.test.tables) {
                self.read_subset(root, &self.test, table, options, &mut rows)?;
            } else if let Some(folder) = first_existing(root, self.test.folders) {
                read_unlabelled(root, &folder, &mut rows)?;
            }
        }
        if rows.rows.is_empty() {
            let tables = self.train.iter().flat_map(|p| p.tables).chain(self.test.tables);
            return Err(DataError::NoTable {
                root: root.into(),
                layout: self.kind,
                tried: tables.chain([&SUBMISSION]).map(|&t| t.to_owned()).collect(),
            });
        }
        Ok(rows)
    }
}

fn first_existing(root: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|n| root.join(n)).find(|p| p.exists())
}

impl Year {
    /// Reads a table with labels.
    fn read_subset(
        &self,
        root: &Path,
        subset: &Subset,
        path: PathBuf,
        options: &DataOptions,
        rows: &mut Rows,
    ) -> Result<(), DataError> {
        let table = Table::open(&path)?;
        let columns = Columns {
            file: table.require(&["fname"], None)?,
            label: options.find_labels(|| table.require(&[self.label_column], None))?,
            fold: table.optional(&options.fold_column, &[], "fold-column")?,
            group: table.optional(&options.group_column, &[], "group-column")?,
            subset: None,
        };
        rows.columns = Some(columns.names(&table));
        let rule = LabelRule::separated_by(self.separator);
        let verified_column = table.find(&["manually_verified"]);
        let folder = first_existing(root, subset.folders).ok_or_else(|| DataError::NoAudioFolder {
            table: path.clone(),
            subset: subset.name.into(),
            root: root.into(),
            tried: subset.folders.iter().map(|f| format!("{f}/")).collect(),
        })?;
        let is_test = subset.name == self.test.name;
        rows.add(&table, |row| {
            let mut item = columns.item(row, &folder, subset.name)?;
            let mut labels = rule.read(columns.labels(row))?;
            // Quirk(fsdkaggle2018): test clips that were not scored are listed with the label "None".
            if is_test && labels == ["None"] {
                labels.clear();
            }
            if labels.is_empty() && !is_test && options.read_labels {
                return Err(format!("{:?} has no label; add one or remove the row", item.file));
            }
            item.verified = match verified_column.map_or("", |column| row.cell(column)) {
                "" => None,
                "0" => Some(false),
                "1" => Some(true),
                other => return Err(format!("manually_verified is {other:?}; write 0 or 1")),
            };
            Ok(Row { item, labels })
        })?;
        rows.tables.insert(subset.name.into(), path);
        Ok(())
    }
}

/// The test clips by name only: from the sample submission, else from the folder.
fn read_unlabelled(root: &Path, folder: &Path, rows: &mut Rows) -> Result<(), DataError> {
    let unlabelled = |item| Row {
        item,
        labels: Vec::new(),
    };
    let submission = root.join(SUBMISSION);
    if submission.is_file() {
        let table = Table::open(&submission)?;
        let columns = Columns {
            file: table.require(&["fname"], None)?,
            ..Columns::default()
        };
        rows.add(&table, |row| columns.item(row, folder, "test").map(unlabelled))?;
        rows.tables.insert("test".into(), submission);
        return Ok(());
    }
    for path in files_below(folder)? {
        match audio_name(folder, &path, None) {
            Ok(file) => rows.rows.push(unlabelled(Item {
                file,
                path,
                subset: "test".into(),
                ..Item::default()
            })),
            Err(skipped) => rows.skipped.push(skipped),
        }
    }
    match rows.rows.iter().any(|row| row.item.subset == "test") {
        true => Ok(()),
        false => Err(DataError::EmptyFolder(folder.into())),
    }
}
