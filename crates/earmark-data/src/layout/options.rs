//! What a recipe or the command line may say about a data folder.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::corrections::Corrections;
use super::error::DataError;

/// The ways of laying out a data set that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayoutKind {
    /// FSDKaggle2018 (Fonseca et al. 2018): 41 classes, one label a clip; Kaggle's or Zenodo's names.
    Fsdkaggle2018,
    /// FSDKaggle2019 (Fonseca et al. 2019): 80 classes, several labels a clip; Kaggle's or Zenodo's names.
    Fsdkaggle2019,
    /// ESC-50 and its subset ESC-10 (Piczak 2015): one label a clip, five folds.
    Esc50,
    /// Any table with a file column and a label column.
    Csv,
    /// A folder a class.
    Folders,
}

impl std::fmt::Display for LayoutKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fsdkaggle2018 => "fsdkaggle2018",
            Self::Fsdkaggle2019 => "fsdkaggle2019",
            Self::Esc50 => "esc50",
            Self::Csv => "csv",
            Self::Folders => "folders",
        })
    }
}

/// What to do about recordings that a table lists and that are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingFiles {
    /// Refuse the data set and name the first few.
    #[default]
    Refuse,
    /// Leave them out, each listed in [`DataSet::skipped`](crate::DataSet::skipped).
    Skip,
}

/// How to read a data folder. Everything has a default that suits the known layouts; the columns,
/// the table and the separator are for the `csv` layout (`group-column` and `fold-column` for any
/// layout with a table).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DataOptions {
    /// The layout; recognised from the folder when not given.
    pub layout: Option<LayoutKind>,
    /// The table of the `csv` layout, relative to the data folder; needed if the folder has several.
    pub table: Option<PathBuf>,
    /// The column with the audio file, a path relative to the table. Default: the first of `file`,
    /// `filename`, `fname`, `path` that exists.
    pub file_column: Option<String>,
    /// The column with the labels. Default: the first of `labels`, `label`, `category`, `class` that
    /// exists.
    pub label_column: Option<String>,
    /// The column with the fold, a whole number from 0. Default: `fold` if it exists.
    pub fold_column: Option<String>,
    /// The column that says what was recorded together. Default: `group` if it exists (`src_file`
    /// in the esc50 layout).
    pub group_column: Option<String>,
    /// The column with the part. Default: `part` or `split` if it exists; otherwise all recordings
    /// are of the part `train`.
    pub part_column: Option<String>,
    /// What stands between the labels of one cell; "" means that a cell is one label. Default ",".
    pub label_separator: Option<String>,
    /// Whether a recording may carry several labels. Default: what the layout says; for `csv`
    /// whether any row has more than one.
    pub multi_label: Option<bool>,
    /// A class map (`index,name` lines), relative to the data folder, that fixes the classes and
    /// their order. Default: all labels found, in alphabetical order.
    pub class_map: Option<PathBuf>,
    /// The parts to load. Default: all. A part that is not listed needs no audio on disk.
    pub parts: Option<Vec<String>>,
    /// Whether labels are read. `false` (to predict on recordings with no or foreign labels) needs
    /// no label column and leaves every item without labels.
    pub read_labels: bool,
    /// What to do about listed recordings that are not there.
    pub missing_files: MissingFiles,
    /// Clips to leave out or to label anew, a file for a part. They change what is trained on and what is judged alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Corrections>,
}

impl Default for DataOptions {
    fn default() -> Self {
        Self {
            layout: None,
            table: None,
            file_column: None,
            label_column: None,
            fold_column: None,
            group_column: None,
            part_column: None,
            label_separator: None,
            multi_label: None,
            class_map: None,
            parts: None,
            read_labels: true,
            missing_files: MissingFiles::Refuse,
            corrections: Vec::new(),
        }
    }
}

impl DataOptions {
    /// Whether a part is to be loaded.
    pub(super) fn wants(&self, part: &str) -> bool {
        self.parts
            .as_ref()
            .is_none_or(|parts| parts.iter().any(|p| p == part))
    }

    /// Refuses options that the layout would silently ignore.
    pub(super) fn check(&self, layout: LayoutKind) -> Result<(), DataError> {
        if layout == LayoutKind::Csv {
            return Ok(());
        }
        let without_table = layout == LayoutKind::Folders;
        let refused = [
            ("table", self.table.is_some()),
            ("file-column", self.file_column.is_some()),
            ("label-column", self.label_column.is_some()),
            ("part-column", self.part_column.is_some()),
            ("label-separator", self.label_separator.is_some()),
            ("fold-column", without_table && self.fold_column.is_some()),
            ("group-column", without_table && self.group_column.is_some()),
        ];
        match refused.iter().find(|(_, given)| *given) {
            Some(&(key, _)) => Err(DataError::Option { key, layout }),
            None => Ok(()),
        }
    }
}
