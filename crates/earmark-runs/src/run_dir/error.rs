//! Why a run directory can't be used.

use earmark_core::atomic::WriteError;
use earmark_data::ClassMapError;
use earmark_engine::{FORMAT, ModelFileError};
use earmark_recipe::RecipeError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why a run directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not empty.
    #[error("{0}: is not empty; resume its run with --resume, or choose another folder with --run")]
    Occupied(PathBuf),
    /// It is not a run.
    #[error(
        "{path}: not a run directory ({missing} is missing); give the folder that was given to `earmark train --run`"
    )]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// What should be there.
        missing: &'static str,
    },
    /// It holds the runs of several folds.
    #[error("{path}: a cross-validation run, which holds a run per fold; give one of them, such as {first}")]
    Several {
        /// The folder.
        path: PathBuf,
        /// The first of its runs.
        first: PathBuf,
    },
    /// Another process is training in it.
    #[error(
        "{0}: another earmark is training in this folder; wait for it, or choose another folder with --run"
    )]
    Locked(PathBuf),
    /// A file of the run can't be read.
    #[error("{path}: cannot be read: {cause}; {}", remedy(cause))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        cause: std::io::Error,
    },
    /// run.json is broken.
    #[error(
        "{path}: does not describe a run: {message}; restore it from a copy, or start a new run in another folder"
    )]
    Info {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A file of corrections is not the one that the run began with.
    #[error(
        "{0}: its checksum is not the one in run.json, so that it was damaged or changed; restore it from a copy (the \
         run was trained with the former one), or start a new run in another folder"
    )]
    Corrections(PathBuf),
    /// run.json is of a later format.
    #[error("{path}: format {found} is newer than the {FORMAT} this program knows; update earmark")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// A missing checkpoint.
    #[error("{run}: has no checkpoint {step}; there are {known}")]
    NoCheckpoint {
        /// The run.
        run: PathBuf,
        /// The requested step.
        step: u64,
        /// The steps there are.
        known: String,
    },
    /// Nothing trained yet.
    #[error("{0}: has no weights yet; train it first (`earmark train ... --run {0} --resume`)")]
    NoWeights(PathBuf),
    /// Neither a model nor a run.
    #[error("{0}: no such model file or run directory; expected MODEL.safetensors, RUN or RUN@STEP")]
    NoModel(String),
    /// `split.csv` does not fit, or is broken.
    #[error("{0}")]
    Split(String),
    /// `teacher-scores.csv` is broken.
    #[error("{0}")]
    Teachers(String),
    /// The list of a search's trials is broken.
    #[error("{path}: cannot be read: {message}; the search with --resume writes it again")]
    Trials {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A published model that is not downloaded.
    #[error("{0}: this published model is not installed; download it first: `earmark models get {0}`")]
    NotInstalled(String),
    /// A model that is imported from a file of the user's.
    #[error("{0}: not imported yet; import it from a weights file: `earmark models import FILE --as {0}`")]
    NotImported(String),
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The recipe inside is refused.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A model file inside is broken.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The class map inside is broken.
    #[error(transparent)]
    Classes(#[from] ClassMapError),
}

impl RunError {
    /// A [`RunError::Read`].
    pub(crate) fn read(path: &Path, cause: std::io::Error) -> Self {
        Self::Read {
            path: path.into(),
            cause,
        }
    }
}

fn remedy(cause: &std::io::Error) -> &'static str {
    match cause.kind() {
        ErrorKind::PermissionDenied => "change its permissions, or work as the user who trained it",
        // What `read_to_string` returns for bytes that are not UTF-8.
        ErrorKind::InvalidData => {
            "the file is damaged: restore it from a copy, or start a new run in another folder"
        }
        ErrorKind::IsADirectory => "a folder has the name of this file: move it elsewhere",
        _ => "check the disk and the path, then try again",
    }
}
