//! Everything that can be wrong with a data folder, in words that say where and what to do.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use earmark_core::human::human_amount;

use super::class_map::ClassMapError;
use crate::layout::kind::LayoutKind;
use crate::wording::quoted;

/// Why a data set could not be loaded, selected or mapped.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The data folder is not there.
    #[error("there is no data folder {0}; check the path")]
    NoRoot(PathBuf),
    /// A recording where a data folder or a table belongs.
    #[error(
        "{path} is a recording, and a data folder or a table of recordings is expected here; give the folder of \
         recordings ({folder}?), or score single recordings with `earmark tag`, or with --files of predict and embed"
    )]
    Recording {
        /// The recording.
        path: PathBuf,
        /// The folder that it is in.
        folder: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}; check the path and its permissions")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// No layout fits the folder.
    #[error(
        "cannot tell the layout of {root} (it contains {found}); expected a folder of audio per class, a CSV table \
         with a column of files and one of labels, labels with times, or the files of fsdkaggle2018, fsdkaggle2019, \
         esc50, urbansound8k or fsd50k; name it with --layout, and the table with --table"
    )]
    Unrecognised {
        /// The data folder.
        root: PathBuf,
        /// What is in it, in words.
        found: String,
    },
    /// The layout was named, but its table is not there.
    #[error("{root} has no table for the layout {layout}; expected one of: {}", tried.join(", "))]
    NoTable {
        /// The data folder.
        root: PathBuf,
        /// The layout asked for.
        layout: LayoutKind,
        /// Names that would have been accepted, below the root.
        tried: Vec<String>,
    },
    /// Several tables could be meant.
    #[error("{root} contains several tables ({}); choose one with --table, or `table` in [data]", found.join(", "))]
    ManyTables {
        /// The data folder.
        root: PathBuf,
        /// The tables.
        found: Vec<String>,
    },
    /// A table names recordings, but the folder for them is not there.
    #[error(
        "{table} lists the subset {subset:?}, but {root} has none of its audio folders: {}; unpack the audio there, \
         or choose other subsets with `subsets`",
        tried.join(", ")
    )]
    NoAudioFolder {
        /// The table.
        table: PathBuf,
        /// The subset it describes.
        subset: String,
        /// The data folder.
        root: PathBuf,
        /// Folder names that would have been accepted.
        tried: Vec<String>,
    },
    /// A folder that must contain audio has none.
    #[error("{0} has no audio files; put recordings there or remove the folder")]
    EmptyFolder(PathBuf),
    /// A table without rows.
    #[error("{path} {}; add one row per recording", if *header { "has a header but no rows" } else { "is empty" })]
    EmptyTable {
        /// The table.
        path: PathBuf,
        /// Whether there is at least a header.
        header: bool,
    },
    /// A table, a row of it or a corrections file that cannot be used.
    #[error("{place}: {problem}")]
    At {
        /// The file, with the line where there is one.
        place: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// Recordings that a table lists are missing.
    #[error(
        "{table}: {count} of {total} listed audio files are missing, first {first}; looked for {looked_for}, but \
         {cause}; put them there, correct the table, or leave them out with `missing-files = \"skip\"`"
    )]
    MissingFiles {
        /// The table.
        table: PathBuf,
        /// How many are missing.
        count: usize,
        /// How many are listed.
        total: usize,
        /// Name and line of the first few.
        first: String,
        /// Where the first one was looked for.
        looked_for: PathBuf,
        /// Why it is probably not there, as a clause.
        cause: String,
    },
    /// All recordings are missing or filtered out.
    #[error("no recordings found in {root}; {remedy}")]
    NoItems {
        /// The data folder.
        root: PathBuf,
        /// What to look at.
        remedy: String,
    },
    /// An option that the layout does not use.
    #[error(
        "`{key}` cannot be used with the layout {layout}, whose columns are fixed; remove it or use layout = \"csv\""
    )]
    Option {
        /// The key.
        key: &'static str,
        /// The layout.
        layout: LayoutKind,
    },
    /// Options that can't work, or don't fit the data; says key, value and remedy.
    #[error("{0}")]
    Setting(String),
    /// There is nothing to tell apart.
    #[error("{root} has only the class {class:?}, and a model needs at least two to tell apart; {remedy}")]
    OneClass {
        /// The data folder.
        root: PathBuf,
        /// The class.
        class: String,
        /// What was probably meant.
        remedy: String,
    },
    /// A subset that the set does not have.
    #[error("{root} has no subset {subset:?}; its subsets are {}", quoted(present, ", "))]
    UnknownSubset {
        /// The data folder.
        root: PathBuf,
        /// The subset asked for.
        subset: String,
        /// The subsets present.
        present: Vec<String>,
    },
    /// A fold that the set does not have.
    #[error("{root} has no fold {fold}; {present}")]
    UnknownFold {
        /// The data folder.
        root: PathBuf,
        /// The fold asked for.
        fold: u32,
        /// The folds present, in words, or how to make some.
        present: String,
    },
    /// The set has a class that another class map (a model's) lacks.
    #[error(
        "class {label:?} ({}, such as {file:?}) is not among the {} of the model{hint}; rename the \
         label in the table, or train a model that has this class",
        human_amount(*items, "recording", "recordings"),
        human_amount(*classes, "class", "classes")
    )]
    NotInClassMap {
        /// The first recording that carries it.
        file: String,
        /// How many recordings carry it.
        items: usize,
        /// The class.
        label: String,
        /// The most similar class of the model, if close, as a question.
        hint: String,
        /// Number of classes of the model.
        classes: usize,
    },
    /// The class map file is not usable.
    #[error(transparent)]
    ClassMap(#[from] ClassMapError),
}

impl DataError {
    /// Whether tables or recordings of some subset are missing, so that another subset of the same folder may still be
    /// complete.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoTable { .. }
                | Self::NoAudioFolder { .. }
                | Self::EmptyFolder(_)
                | Self::MissingFiles { .. }
        )
    }

    /// Makes a [`DataError::Read`] of what the system reports about `path`.
    pub(crate) fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read {
            path: path.into(),
            source,
        }
    }

    /// A [`DataError::UnknownSubset`].
    pub(crate) fn unknown_subset<'a>(
        root: &Path,
        subset: &str,
        present: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let present: BTreeSet<&str> = present.into_iter().collect();
        Self::UnknownSubset {
            root: root.into(),
            subset: subset.to_owned(),
            present: present.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Something about the file at `path`.
    pub(crate) fn at(path: &Path, problem: String) -> Self {
        let place = path.display().to_string();
        Self::At { place, problem }
    }

    /// Something about a line of the table at `path`.
    pub(crate) fn row(path: &Path, line: usize, problem: String) -> Self {
        let place = format!("{}:{line}", path.display());
        Self::At { place, problem }
    }
}
