//! From a name in the catalogue to an installed model.

use super::catalogue::Entry;
use super::import::{Import, ImportError, Imported, import};
use crate::download::{Download, DownloadError, DownloadProgress};
use std::path::{Path, PathBuf};

/// Why a model can't be installed.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// The checkpoint did not come.
    #[error("{cause}\n\n{by_hand}")]
    Fetch {
        /// Why.
        cause: DownloadError,
        /// What to do instead.
        by_hand: String,
    },
    /// The checkpoint came and is not what it should be.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// There is nowhere to put it.
    #[error("there is no user's data folder to keep models in; set EARMARK_MODELS to a folder")]
    NoFolder,
}

impl GetError {
    /// Whether it was stopped and no failure.
    pub fn is_stop(&self) -> bool {
        matches!(
            self,
            Self::Fetch {
                cause: DownloadError::Stopped,
                ..
            }
        )
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The model file.
    pub path: PathBuf,
    /// What was imported; `None` where the model was there already.
    pub imported: Option<Imported>,
}

/// Fetches the checkpoint of `entry` from `url` (the entry's own unless a mirror has it), checks it, and makes a model file of it in the
/// models folder. The checkpoint is removed then.
///
/// # Errors
/// See [`GetError`]; no model file is written then, and what was fetched is gone on from the next time.
pub fn get(
    entry: &Entry,
    url: &str,
    progress: &mut dyn FnMut(DownloadProgress) -> bool,
) -> Result<Installed, GetError> {
    let path = entry.model_file().ok_or(GetError::NoFolder)?;
    if path.is_file() {
        return Ok(Installed { path, imported: None });
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let fetch = Download {
        url: url.into(),
        to: folder.join("downloads").join(entry.file_name()),
        sha256: entry.sha256.clone(),
        bytes: entry.bytes,
    };
    fetch.run(progress).map_err(|cause| GetError::Fetch {
        cause,
        by_hand: by_hand(entry, &path),
    })?;
    let imported = import(&Import {
        file: fetch.to.clone(),
        architecture: entry.architecture.clone(),
        labels: None,
        source: Some(entry.url.clone()),
        out: path.clone(),
    })?;
    // The model file holds all of it; a checkpoint that stays costs nothing but space.
    let _ = std::fs::remove_file(&fetch.to);
    let _ = std::fs::remove_dir(folder.join("downloads"));
    Ok(Installed {
        path,
        imported: Some(imported),
    })
}

/// How to install a model without a network here.
pub fn by_hand(entry: &Entry, path: &Path) -> String {
    let size = entry.bytes.map_or(String::new(), |n| format!("\n  of {n} bytes"));
    let sum = entry
        .sha256
        .as_ref()
        .map_or(String::new(), |s| format!(", SHA-256 {s}"));
    format!(
        "By hand: fetch\n  {}{size}{sum}\nwith a browser, then run\n  earmark models import {} --as {} -o {}",
        entry.url,
        entry.file_name(),
        entry.architecture,
        path.display()
    )
}
