//! From the name of a published model to an installed model file.

use crate::catalogue::PublishedModel;
use crate::download::{Download, DownloadError, DownloadProgress, PATIENCE};
use crate::import::{Import, ImportError, Imported, import};
use crate::install_by_hand::by_hand;
use std::path::{Path, PathBuf};

/// Why a model can't be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The download failed.
    #[error("{cause}\n\n{by_hand}")]
    Download {
        /// The reason.
        cause: DownloadError,
        /// How to do it without a network connection on this machine.
        by_hand: String,
    },
    /// The checkpoint was downloaded but is not what it should be.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The system has no data folder for the user.
    #[error("there is no user's data folder to keep models in; set EARMARK_MODELS to a folder")]
    NoFolder,
}

impl InstallError {
    /// Whether `progress` stopped the download, which is not a failure.
    pub fn is_stop(&self) -> bool {
        let Self::Download { cause, .. } = self else {
            return false;
        };
        matches!(cause, DownloadError::Stopped)
    }
}

/// An installed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// The model file.
    pub path: PathBuf,
    /// What was imported; `None` where the model was already installed.
    pub imported: Option<Imported>,
}

/// Downloads the checkpoint of `model` from `url` (its own, or a mirror), checks it, and converts it to a model file in the models
/// folder. The checkpoint is then removed.
///
/// # Errors
/// See [`InstallError`]; no model file is written then, and the next call resumes the download.
pub fn install(
    model: &PublishedModel,
    url: &str,
    progress: &mut dyn FnMut(DownloadProgress) -> bool,
) -> Result<InstalledModel, InstallError> {
    let path = model.model_file().ok_or(InstallError::NoFolder)?;
    if path.is_file() {
        return Ok(InstalledModel { path, imported: None });
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let download = Download {
        url: url.into(),
        to: folder.join("downloads").join(model.file_name()),
        sha256: model.sha256.clone(),
        bytes: model.bytes,
        patience: PATIENCE,
    };
    download.run(progress).map_err(|cause| InstallError::Download {
        cause,
        by_hand: by_hand(model, &path),
    })?;
    let imported = import(&Import {
        file: download.to.clone(),
        architecture: model.architecture.clone(),
        labels: None,
        source: Some(model.url.clone()),
        out: path.clone(),
    })?;
    // The model file holds everything; a checkpoint that can't be removed only takes up space.
    let _ = std::fs::remove_file(&download.to);
    let _ = std::fs::remove_dir(folder.join("downloads"));
    Ok(InstalledModel {
        path,
        imported: Some(imported),
    })
}
