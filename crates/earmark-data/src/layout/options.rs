//! Options for reading a data folder: the `[data]` section of a recipe.

use std::path::PathBuf;

use earmark_audio::Damaged;
use serde::{Deserialize, Serialize};

use super::events::config::EventOptions;
use super::kind::LayoutKind;
use crate::dataset::class_changes::ClassChanges;
use crate::dataset::corrections::Corrections;
use crate::dataset::error::DataError;
use crate::dataset::recipe_corrections::RecipeCorrections;
use crate::settings::settings;

/// The options about tables and columns, by their keys. The last two are of use to every layout with a table, the
/// others to `csv` and `events` alone.
pub(super) const TABLE_OPTIONS: [&str; 8] = [
    "table",
    "file-column",
    "label-column",
    "subset-column",
    "label-separator",
    "file-pattern",
    "fold-column",
    "group-column",
];

/// What to do about recordings that a table lists but that are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingFiles {
    /// Stop with an error that names the first few.
    #[default]
    Refuse,
    /// Leave them out and list them.
    Skip,
}

/// What to do about recordings of which a part is missing or damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DamagedFiles {
    /// They are skipped like those that can't be read at all, with what could be saved.
    #[default]
    Refuse,
    /// What is whole of them is used; they are listed with what is missing.
    Salvage,
}

impl DamagedFiles {
    /// Whether it is the default, which recipes leave out.
    fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

impl From<DamagedFiles> for Damaged {
    fn from(files: DamagedFiles) -> Self {
        match files {
            DamagedFiles::Refuse => Self::Refuse,
            DamagedFiles::Salvage => Self::Salvage,
        }
    }
}

settings! {
    /// How to read a data folder. The defaults suit the known layouts. The table, its columns and the separator are for
    /// the `csv` and `events` layouts (`group-column` and `fold-column` for any layout with a table).
    pub struct DataOptions {
        /// The layout of the folder. Default: recognised from its files.
        pub layout: Option<LayoutKind> = None,
        /// The table of the `csv` or `events` layout (in `events` also a file of AOEF), relative to the data folder.
        /// Default: the one table, in the folder or in a folder in it, that has a column of files that are found and
        /// one of labels; in `events`, tables next to recordings come first.
        pub table: Option<PathBuf> = None,
        /// The column with the audio file, a path relative to the table or to the data folder. Default: the first of
        /// `file`, `filename`, `fname`, `path` that exists, else of other names that are usual for it (docs/data.md). A
        /// file that is not at its path is looked for by name: in other folders, without extension, in another letter
        /// case, with backslashes.
        pub file_column: Option<String> = None,
        /// Where the audio file of a row is, relative to the data folder: `{}` is the cell of the file column, `{NAME}`
        /// that of the column NAME. `"audio/{}.wav"` suits names without folder and extension, `"audio/fold{fold}/{}"`
        /// a folder per fold.
        pub file_pattern: Option<String> = None,
        /// The column with the labels. Default: the first of `labels`, `label`, `category`, `class` that exists, else
        /// of other names that are usual for it (docs/data.md). A column named in the plural holds several labels per
        /// cell, others hold one.
        pub label_column: Option<String> = None,
        /// The column with the fold, a whole number from 0. Default: `fold` if it exists.
        pub fold_column: Option<String> = None,
        /// The column that names what was recorded together (a site, a speaker), which is never split between training
        /// and evaluation. Default: `group` if it exists (`src_file` in the esc50 layout).
        pub group_column: Option<String> = None,
        /// A regular expression whose first capture group, applied to the name of a recording, is its group:
        /// `"^([^/]+)-\\d+"`. For every layout.
        pub group_pattern: Option<String> = None,
        /// The column with the subset (train, test, ...). Default: `part`, `split` or `subset` if one exists; otherwise
        /// all recordings are in the subset `train`.
        #[serde(alias = "part-column")]
        pub subset_column: Option<String> = None,
        /// What separates the labels in one cell; "" means that each cell is one label. Default: "," for a column named
        /// in the plural (`labels`), "" for others (`label`). A label between double quotes keeps its separators.
        pub label_separator: Option<String> = None,
        /// Whether a recording may have several labels. Default: as the layout says; for `csv`,
        /// whether any row has more than one.
        pub multi_label: Option<bool> = None,
        /// A class map file (lines of `index,name`), relative to the data folder, that sets the classes and
        /// their order. Default: all labels found, in alphabetical order.
        pub class_map: Option<PathBuf> = None,
        /// The subsets to load. Default: all. A subset that is not listed needs no audio on disk.
        #[serde(alias = "parts")]
        pub subsets: Option<Vec<String>> = None,
        /// Whether labels are read. `false`, for predicting on recordings without usable labels, needs no label column.
        /// Default: true.
        pub read_labels: bool = true,
        /// What to do about listed recordings that are missing. Default: `refuse`.
        pub missing_files: MissingFiles = MissingFiles::Refuse,
        /// What to do about recordings of which a part is missing or damaged. Default: `refuse`.
        #[serde(skip_serializing_if = "DamagedFiles::is_refuse")]
        #[schemars(!skip_serializing_if)]
        pub damaged: DamagedFiles = DamagedFiles::Refuse,
        /// Files with clips to remove or relabel, one per subset. They apply to training and evaluation alike.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub corrections: Vec<Corrections> = Vec::new(),
        /// The folder of these files, relative to the data folder. A file that it lacks is looked for in the data
        /// folder, then in the recipe's own folder (in `corrections/` there, or next to the recipe) and among those
        /// that the program carries for its built-in recipes.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub corrections_folder: Option<PathBuf> = None,
        /// Where a run keeps the files that it began with, which are read in their place: known from the run, and not
        /// part of a recipe.
        #[serde(skip)]
        pub kept_corrections: Option<PathBuf> = None,
        /// The files that come with the recipe: known from where it is read.
        #[serde(skip)]
        pub recipe_corrections: RecipeCorrections = RecipeCorrections::default(),
        /// How labels with a start and an end become labels of windows, in the `events` layout.
        #[serde(skip_serializing_if = "EventOptions::is_default")]
        pub events: EventOptions = EventOptions::default(),
        /// Classes to rename, merge or leave out.
        #[serde(skip_serializing_if = "ClassChanges::is_empty")]
        pub classes: ClassChanges = ClassChanges::default(),
    }
}

impl DataOptions {
    /// Whether a subset is to be loaded.
    pub(super) fn wants(&self, subset: &str) -> bool {
        let subsets = self.subsets.as_ref();
        subsets.is_none_or(|subsets| subsets.iter().any(|p| p == subset))
    }

    /// Whether something is said about the table that only the layout `csv` needs.
    pub(super) fn names_a_table(&self) -> bool {
        self.table.is_some()
            || self.file_column.is_some()
            || self.label_column.is_some()
            || self.file_pattern.is_some()
    }

    /// Finds the column of labels, if they are to be read.
    pub(super) fn find_labels<E>(&self, find: impl FnOnce() -> Result<usize, E>) -> Result<Option<usize>, E> {
        self.read_labels.then(find).transpose()
    }

    /// Refuses the first `unused` of the options about tables, which the layout would silently ignore.
    pub(super) fn refuse_unused(&self, layout: LayoutKind, unused: usize) -> Result<(), DataError> {
        let given = [
            self.table.is_some(),
            self.file_column.is_some(),
            self.label_column.is_some(),
            self.subset_column.is_some(),
            self.label_separator.is_some(),
            self.file_pattern.is_some(),
            self.fold_column.is_some(),
            self.group_column.is_some(),
        ];
        match given[..unused].iter().position(|&given| given) {
            Some(at) => Err(DataError::Option {
                key: TABLE_OPTIONS[at],
                layout,
            }),
            None => Ok(()),
        }
    }
}
