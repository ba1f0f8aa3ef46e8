//! `corrections/`: the files of corrections that a run began with, which it reads from then on, so that it needs no
//! others.

use super::{RunError, RunInfo, fold_runs};
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::Checksum;
use earmark_data::DataSet;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name of the folder.
pub(super) const CORRECTIONS: &str = "corrections";

/// Writes the files of corrections that `data` was read with into a run.
///
/// # Errors
/// A file that can't be written.
pub fn keep_corrections(run: &Path, data: &DataSet) -> Result<(), WriteError> {
    let folder = run.join(CORRECTIONS);
    for file in &data.corrections {
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(&folder, e))?;
        atomic::write(&folder.join(&file.name), |w| w.write_all(&file.bytes))?;
    }
    Ok(())
}

/// The names and checksums of these files, for `run.json`.
pub fn corrections_checksums(data: &DataSet) -> BTreeMap<String, String> {
    let files = data.corrections.iter();
    files
        .map(|file| (file.name.clone(), Checksum::of(&file.bytes)))
        .collect()
}

/// The folder of corrections of a run, or of the first run of a cross-validation run that has one.
pub fn kept_corrections(run: &Path) -> Option<PathBuf> {
    let folds = fold_runs(run).unwrap_or_default().into_iter();
    let runs = std::iter::once(run.to_path_buf()).chain(folds.map(|(_, fold)| fold));
    let mut folders = runs.map(|run| run.join(CORRECTIONS));
    folders.find(|folder| folder.is_dir())
}

/// Refuses a run whose corrections are not those that it began with.
pub(super) fn check_corrections(run: &Path, info: &RunInfo) -> Result<(), RunError> {
    for (name, checksum) in &info.data.corrections {
        let path = run.join(CORRECTIONS).join(name);
        // A run may be a stranger's: nothing outside of its folder is read.
        let is_inside = Path::new(name)
            .file_name()
            .is_some_and(|file| file == name.as_str());
        if !is_inside {
            return Err(RunError::Corrections(path));
        }
        let bytes = std::fs::read(&path).map_err(|e| RunError::read(&path, e))?;
        if Checksum::of(&bytes) != *checksum {
            return Err(RunError::Corrections(path));
        }
    }
    Ok(())
}
