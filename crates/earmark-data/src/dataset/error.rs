//! Everything that can be wrong with a data folder, in words that say where and what to do.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::class_map::{ClassMapError, hint};
use crate::layout::kind::LayoutKind;

/// Why a data set could not be loaded, selected or mapped.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The data folder is not there.
    #[error("there is no data folder {root}; check the path given with --data", root = root.display())]
    NoRoot {
        /// The folder that was asked for.
        root: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}; check the path and its permissions", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// No layout fits the folder.
    #[error(
        "cannot tell the layout of {root} (it contains {found}); expected a folder of audio per class, one CSV table, \
         or the files of fsdkaggle2018, fsdkaggle2019 or esc50; name it with --layout, and the table with `table`",
        root = root.display()
    )]
    Unrecognised {
        /// The data folder.
        root: PathBuf,
        /// What is in it, in words.
        found: String,
    },
    /// The layout was named, but its table is not there.
    #[error(
        "{root} has no table for the layout {layout}; expected one of: {}",
        tried.join(", "), root = root.display()
    )]
    NoTable {
        /// The data folder.
        root: PathBuf,
        /// The layout asked for.
        layout: LayoutKind,
        /// Names that would have been accepted, below the root.
        tried: Vec<String>,
    },
    /// Several tables could be meant.
    #[error(
        "{root} contains several tables ({}); choose one with `table`",
        found.join(", "), root = root.display()
    )]
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
        tried.join(", "), table = table.display(), root = root.display()
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
    #[error("{folder} has no audio files; put recordings there or remove the folder", folder = folder.display())]
    EmptyFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A table without rows.
    #[error("{path} {}; add one row per recording", if *header { "has a header but no rows" } else { "is empty" }, path = path.display())]
    EmptyTable {
        /// The table.
        path: PathBuf,
        /// Whether there is at least a header.
        header: bool,
    },
    /// A row that is not valid CSV, or a cell that cannot be used.
    #[error("{path}:{line}: {problem}", path = path.display())]
    Row {
        /// The table.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// A column is missing.
    #[error("{path}: there is no column {}{}; the columns are {}{}", expected_columns(expected), hint(suggestion), quoted(found), remedy.as_deref().map(|r| format!("; {r}")).unwrap_or_default(), path = path.display())]
    Column {
        /// The table.
        path: PathBuf,
        /// The names that would have been accepted.
        expected: Vec<String>,
        /// The columns found.
        found: Vec<String>,
        /// The most similar one, if close.
        suggestion: Option<String>,
        /// Further advice, where there is any.
        remedy: Option<String>,
    },
    /// A recording is listed twice.
    #[error("{path}:{line}: {file:?} is already listed on line {first}; keep one of the two rows", path = path.display())]
    DuplicateRow {
        /// The table.
        path: PathBuf,
        /// The second line.
        line: usize,
        /// The first line.
        first: usize,
        /// The recording.
        file: String,
    },
    /// A label that the given class map does not have.
    #[error(
        "{place}: label {label:?} is not among the {classes} classes of {class_map}{}{}",
        hint(suggestion),
        if suggestion.is_some() { "" } else { "; correct the label or add it to the class map" },
        class_map = class_map.display()
    )]
    UnknownLabel {
        /// File and line, or the file in a folder of classes.
        place: String,
        /// The label.
        label: String,
        /// The most similar class, if close.
        suggestion: Option<String>,
        /// Number of classes in the class map.
        classes: usize,
        /// Where the classes come from.
        class_map: PathBuf,
    },
    /// Recordings that a table lists are missing.
    #[error(
        "{table}: {count} of {total} listed audio files are missing in {folder}, first {}; \
         put them there, or leave them out with `missing-files = \"skip\"`",
        first_lines(first), table = table.display(), folder = folder.display()
    )]
    MissingFiles {
        /// The table.
        table: PathBuf,
        /// How many are missing.
        count: usize,
        /// How many are listed.
        total: usize,
        /// Line and name of the first few.
        first: Vec<(usize, String)>,
        /// The folder of the first one.
        folder: PathBuf,
    },
    /// All recordings are missing or filtered out.
    #[error("no recordings found in {root}; {remedy}", root = root.display())]
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
    /// A subset that the set does not have.
    #[error("{root} has no subset {subset:?}; its subsets are {}", quoted(present), root = root.display())]
    UnknownSubset {
        /// The data folder.
        root: PathBuf,
        /// The subset asked for.
        subset: String,
        /// The subsets present.
        present: Vec<String>,
    },
    /// A fold that the set does not have.
    #[error(
        "{root} has no fold {fold}; {}",
        if present.is_empty() { "no folds are assigned: create some with `earmark data folds`".to_owned() }
        else { format!("its folds are {}", joined(present.iter().map(u32::to_string), ", ")) },
        root = root.display()
    )]
    UnknownFold {
        /// The data folder.
        root: PathBuf,
        /// The fold asked for.
        fold: u32,
        /// The folds present.
        present: Vec<u32>,
    },
    /// The set has a class that another class map (a model's) lacks.
    #[error(
        "class {label:?} ({items} recordings, such as {file:?}) is not among the {classes} classes of the model{}; rename the \
         label in the table, or train a model that has this class",
        hint(suggestion)
    )]
    NotInClassMap {
        /// The first recording that carries it.
        file: String,
        /// How many recordings carry it.
        items: usize,
        /// The class.
        label: String,
        /// The most similar class of the model, if close.
        suggestion: Option<String>,
        /// Number of classes of the model.
        classes: usize,
    },
    /// A corrections file that cannot be used.
    #[error(
        "{path}: {problem}; corrections are a JSON object such as {{\"a.wav\": \"remove\", \"b.wav\": \"Bark,Meow\"}}",
        path = path.display()
    )]
    CorrectionsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column if known.
        problem: String,
    },
    /// A correction that cannot be applied.
    #[error("{path}: {file:?}: {problem}", path = path.display())]
    Correction {
        /// The corrections file.
        path: PathBuf,
        /// The recording that it names.
        file: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The class map file is not usable.
    #[error(transparent)]
    ClassMap(#[from] ClassMapError),
}

impl DataError {
    /// Whether tables or recordings of some subset are missing, so that another subset of the same folder may still be complete.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoTable { .. }
                | Self::NoAudioFolder { .. }
                | Self::EmptyFolder { .. }
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

    /// A [`DataError::Row`].
    pub(crate) fn row(path: &Path, line: usize, problem: impl Into<String>) -> Self {
        Self::Row {
            path: path.into(),
            line,
            problem: problem.into(),
        }
    }
}

fn quoted(names: &[String]) -> String {
    joined(names.iter().map(|n| format!("{n:?}")), ", ")
}

fn expected_columns(names: &[String]) -> String {
    joined(names.iter().map(|n| format!("{n:?}")), " or ")
}

fn first_lines(first: &[(usize, String)]) -> String {
    joined(
        first.iter().map(|(line, file)| format!("{file:?} (line {line})")),
        ", ",
    )
}

fn joined(texts: impl Iterator<Item = String>, separator: &str) -> String {
    texts.collect::<Vec<_>>().join(separator)
}
