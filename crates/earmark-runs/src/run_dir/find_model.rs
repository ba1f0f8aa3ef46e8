//! From a model's name to its file: `MODEL.safetensors`, `RUN`, `RUN@STEP` or an installed model.

use super::{RunError, fold_runs};
use earmark_core::atomic;
use earmark_engine::{ModelFile, checkpoint};
use std::path::{Path, PathBuf};

/// The name of a model: `MODEL.safetensors`, `RUN` (its best weights, else its last checkpoint), `RUN@STEP`, an
/// installed published model, or a cross-validation run, which means the models of all its folds.
///
/// ```
/// # use earmark_runs::run_dir::ModelRef;
/// let best: ModelRef = "runs/first".into();
/// let step = ModelRef::new("runs/first@3000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModelRef(String);

impl ModelRef {
    /// The model of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its file. A file or folder of that name takes precedence over a published model.
    ///
    /// # Errors
    ///
    /// When there is no such model, or when it means several.
    pub fn path(&self) -> Result<PathBuf, RunError> {
        find_model(&self.0)
    }

    /// Its files: one, or those of all folds of a cross-validation run.
    ///
    /// # Errors
    ///
    /// When there is no such model.
    pub fn paths(&self) -> Result<Vec<PathBuf>, RunError> {
        find_models(&self.0)
    }
}

impl From<&str> for ModelRef {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<&Path> for ModelRef {
    fn from(path: &Path) -> Self {
        Self::new(path.to_string_lossy())
    }
}

/// The model file that `MODEL.safetensors`, `RUN` (its best, else its last checkpoint), `RUN@STEP` or the name of an
/// installed model means; a file or folder of that name takes precedence.
///
/// # Errors
/// [`RunError::NoWeights`] and [`RunError::NoCheckpoint`] for a run without them, [`RunError::Several`] for a
/// cross-validation run, [`RunError::NoRun`] for another folder; for other names [`RunError::NotInstalled`],
/// [`RunError::NotImported`] or [`RunError::NoModel`].
pub fn find_model(name: &str) -> Result<PathBuf, RunError> {
    let path = PathBuf::from(name);
    // What a killed command was about to replace may have no name yet.
    atomic::finish_pending(&path)?;
    if path.is_file() {
        return Ok(path);
    }
    if path.is_dir() {
        let best = path.join("best.safetensors");
        atomic::finish_pending(&best)?;
        if best.is_file() {
            return Ok(best);
        }
        if let Some((_, first)) = fold_runs(&path)?.into_iter().next() {
            return Err(RunError::Several { path, first });
        }
        if !path.join("run.json").is_file() {
            return Err(RunError::NoRun {
                path,
                missing: "run.json",
            });
        }
        return match steps(&path)?.last() {
            Some(&step) => Ok(checkpoint::path(&path, step)),
            None => Err(RunError::NoWeights(path)),
        };
    }
    if let Some((run, step)) = name
        .rsplit_once('@')
        .and_then(|(run, step)| Some((PathBuf::from(run), step.parse().ok()?)))
        && run.is_dir()
    {
        let found = checkpoint::path(&run, step);
        if found.is_file() {
            return Ok(found);
        }
        let known: Vec<String> = steps(&run)?.iter().map(u64::to_string).collect();
        let known = match known.is_empty() {
            true => "none".to_owned(),
            false => known.join(", "),
        };
        return Err(RunError::NoCheckpoint { run, step, known });
    }
    if let Some(model) = earmark_hub::installed_model(name) {
        return Ok(model);
    }
    match earmark_hub::published_model(name) {
        Some(model) => Err(RunError::NotInstalled(model.name.clone())),
        None if earmark_hub::PublishedArchitecture::parse(name).is_some() => {
            Err(RunError::NotImported(name.into()))
        }
        None => Err(RunError::NoModel(name.into())),
    }
}

/// The model files that a name means: as [`find_model`], or those of all folds of a cross-validation run.
///
/// # Errors
/// As [`find_model`] and [`fold_runs`].
pub fn find_models(name: &str) -> Result<Vec<PathBuf>, RunError> {
    let folds = fold_runs(Path::new(name))?;
    if folds.is_empty() {
        return Ok(vec![find_model(name)?]);
    }
    folds
        .iter()
        .map(|(_, run)| find_model(&run.to_string_lossy()))
        .collect()
}

/// The step of a run's best weights, else of its last checkpoint: those that [`find_model`] finds.
///
/// # Errors
/// As [`find_model`], and for a model file that can't be read.
pub fn best_step(run: &Path) -> Result<u64, RunError> {
    let path = find_model(&run.to_string_lossy())?;
    Ok(ModelFile::read_metadata(&path)?.step)
}

fn steps(run: &Path) -> Result<Vec<u64>, RunError> {
    checkpoint::list(run).map_err(|e| RunError::read(&checkpoint::folder(run), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_models_that_are_not_installed_differ_from_mistyped_names() {
        let error = find_model("panns-cnn14").unwrap_err().to_string();
        assert!(
            error.ends_with("download it first: `earmark models get panns-cnn14`"),
            "{error}"
        );
        assert!(matches!(find_model("panns-cnn15"), Err(RunError::NoModel(_))));
        assert!(matches!(
            find_model("mobilenet-v2-imagenet"),
            Err(RunError::NotImported(_))
        ));
    }

    #[test]
    fn models_are_found_by_run_step_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("r");
        let name = run.to_string_lossy().into_owned();
        assert!(matches!(find_model(&name), Err(RunError::NoModel(_))));
        std::fs::create_dir_all(run.join("checkpoints")).unwrap();
        assert!(matches!(find_model(&name), Err(RunError::NoRun { .. })));
        std::fs::write(run.join("run.json"), "{}").unwrap();
        assert!(matches!(find_model(&name), Err(RunError::NoWeights(_))));
        std::fs::write(checkpoint::path(&run, 100), "").unwrap();
        assert_eq!(find_model(&name).unwrap(), checkpoint::path(&run, 100));
        assert_eq!(
            find_model(&format!("{name}@100")).unwrap(),
            checkpoint::path(&run, 100)
        );
        let error = find_model(&format!("{name}@7")).unwrap_err().to_string();
        assert!(error.ends_with("has no checkpoint 7; there are 100"), "{error}");
        std::fs::write(run.join("best.safetensors"), "").unwrap();
        assert_eq!(find_model(&name).unwrap(), run.join("best.safetensors"));
    }
}
