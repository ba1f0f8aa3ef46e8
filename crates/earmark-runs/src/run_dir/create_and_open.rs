//! A run directory from both sides: a new one is written into a free folder, `run.json` last; any is opened and
//! checked.

use super::kept_corrections::{CORRECTIONS, check_corrections, kept_corrections};
use super::lock::LOCK;
use super::sealed_json::{parse_at, write_sealed_json};
use super::{RunError, RunInfo, RunLock, fold_runs, planned_steps};
use earmark_core::atomic::{self, WriteError};
use earmark_data::ClassMap;
use earmark_engine::FORMAT;
use earmark_recipe::{AnyRecipe, Recipe, RecipeError, StackRecipe};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a new run writes before run.json.
const BEFORE_INFO: [&str; 6] = [
    LOCK,
    "recipe.toml",
    "classes.csv",
    "split.csv",
    CORRECTIONS,
    "teacher-scores.csv",
];

/// An opened run directory, of a training on audio (a [`Recipe`]), of stacking (a [`StackRecipe`]) or of either (an
/// [`AnyRecipe`]).
#[derive(Debug)]
pub struct RunDir<R = Recipe> {
    /// Where it is.
    pub path: PathBuf,
    /// `recipe.toml`.
    pub recipe: R,
    /// `classes.csv`.
    pub classes: ClassMap,
    /// `run.json`.
    pub info: RunInfo,
}

impl RunDir {
    /// Refuses a folder that a new run would overwrite.
    ///
    /// # Errors
    /// [`RunError::Occupied`] for such a folder, or a file; [`RunError::Read`] for one that can't be listed.
    pub fn check_free(path: &Path) -> Result<(), RunError> {
        let entries = match std::fs::read_dir(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) if e.kind() == ErrorKind::NotADirectory => return Err(RunError::Occupied(path.into())),
            entries => entries.map_err(|e| RunError::read(path, e))?,
        };
        let names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
        // A start that was killed leaves its lock and what is written before run.json.
        let ours = |n: &OsString| BEFORE_INFO.iter().any(|b| n == b) || atomic::is_leftover(n);
        let begun = names.iter().any(|n| n == LOCK) && names.iter().all(ours);
        match names.is_empty() || begun {
            true => Ok(()),
            false => Err(RunError::Occupied(path.into())),
        }
    }

    /// Locks the folder of several trainings, a free one unless they are resumed, and removes what a killed process
    /// left half written.
    ///
    /// # Errors
    ///
    /// When the folder is not free, in use or can't be written.
    pub fn lock_folder(folder: &Path, resume: bool) -> Result<RunLock, RunError> {
        let free = || if resume { Ok(()) } else { Self::check_free(folder) };
        free()?;
        let lock = RunLock::take(folder)?;
        // Another training may have started and ended here since.
        free()?;
        atomic::clean_leftovers(folder).map_err(|e| WriteError::new(folder, e))?;
        Ok(lock)
    }

    /// Writes what explains a new run; `recipe` is its whole text, defaults written out.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn create(path: &Path, recipe: &str, classes: &ClassMap, info: &RunInfo) -> Result<(), WriteError> {
        std::fs::create_dir_all(path).map_err(|e| WriteError::new(path, e))?;
        atomic::write(&path.join("recipe.toml"), |w| w.write_all(recipe.as_bytes()))?;
        atomic::write(&path.join("classes.csv"), |w| classes.write(w))?;
        // Last: a folder with run.json is a run.
        write_sealed_json(&path.join("run.json"), info)
    }

    /// Opens a run on audio.
    ///
    /// # Errors
    ///
    /// [`RunError::NoRun`] if one of its files is missing, [`RunError::Read`] if one can't be read; otherwise what is
    /// wrong inside it.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let mut run = Self::open_with(path, Recipe::parse)?;
        run.recipe.data.kept_corrections = kept_corrections(path);
        Ok(run)
    }
}

impl RunDir<StackRecipe> {
    /// Opens a stacked run.
    ///
    /// # Errors
    ///
    /// As [`RunDir::open`].
    pub fn open_stacked(path: &Path) -> Result<Self, RunError> {
        let mut run = Self::open_with(path, StackRecipe::parse)?;
        run.recipe.stack.kept_corrections = kept_corrections(path);
        Ok(run)
    }
}

impl RunDir<AnyRecipe> {
    /// Opens a run on audio or a stacked run.
    ///
    /// # Errors
    ///
    /// As [`RunDir::open`].
    pub fn open_any(path: &Path) -> Result<Self, RunError> {
        Self::open_with(path, AnyRecipe::parse)
    }

    /// Number of steps planned, once known.
    pub fn steps(&self) -> Option<u64> {
        planned_steps(&self.path, &self.info, self.recipe.train())
    }
}

/// Writes a JSON file for programs and people.
///
/// # Errors
/// A file that can't be written.
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), WriteError> {
    atomic::write(path, |w| {
        serde_json::to_writer_pretty(&mut *w, value)?;
        w.write_all(b"\n")
    })
}

/// Whether a folder holds a stacked run; false if it can't be read, and opening it then says why.
pub fn is_stack(run: &Path) -> bool {
    std::fs::read_to_string(run.join("recipe.toml")).is_ok_and(|text| StackRecipe::is_stack(&text))
}

impl<R> RunDir<R> {
    fn open_with(
        path: &Path,
        parse: impl Fn(&str, &Path) -> Result<R, RecipeError>,
    ) -> Result<Self, RunError> {
        if let Some((_, first)) = fold_runs(path)?.into_iter().next() {
            let path = path.into();
            return Err(RunError::Several { path, first });
        }
        let read = |name: &'static str| {
            let file = path.join(name);
            std::fs::read_to_string(&file).map_err(|cause| match cause.kind() {
                // Nothing can be below a file.
                ErrorKind::NotFound | ErrorKind::NotADirectory => RunError::NoRun {
                    path: path.into(),
                    missing: name,
                },
                _ => RunError::read(&file, cause),
            })
        };
        let bad = |e: serde_json::Error| {
            let (path, message) = (path.join("run.json"), e.to_string());
            RunError::Info { path, message }
        };
        let text = read("run.json")?;
        // The format comes first: this program can't know what a later one seals, and how.
        let value: serde_json::Value = serde_json::from_str(&text).map_err(bad)?;
        let found = value["format"].as_u64().unwrap_or(0);
        if found > u64::from(FORMAT) {
            let path = path.join("run.json");
            return Err(RunError::Newer { path, found });
        }
        let value = parse_at(&path.join("run.json"), &text)?;
        let info: RunInfo = serde_json::from_value(value).map_err(bad)?;
        check_corrections(path, &info)?;
        Ok(Self {
            path: path.into(),
            info,
            recipe: parse(&read("recipe.toml")?, &path.join("recipe.toml"))?,
            classes: ClassMap::parse(read("classes.csv")?.as_bytes(), &path.join("classes.csv"))?,
        })
    }

    /// The folder of evaluation results.
    pub fn eval(&self) -> PathBuf {
        self.path.join("eval")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_excludes_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let lock = RunLock::take(dir.path()).unwrap();
        assert!(matches!(RunLock::take(dir.path()), Err(RunError::Locked(_))));
        assert!(
            RunDir::check_free(dir.path()).is_ok(),
            "a lock alone does not occupy"
        );
        drop(lock);
        let lock = RunLock::take(dir.path()).unwrap();
        std::fs::write(dir.path().join("recipe.toml"), "").unwrap();
        drop(lock);
        assert!(
            RunDir::check_free(dir.path()).is_ok(),
            "nor does a start that was killed before run.json"
        );
        std::fs::write(dir.path().join("x"), "").unwrap();
        assert!(matches!(
            RunDir::check_free(dir.path()),
            Err(RunError::Occupied(_))
        ));
        let own = tempfile::tempdir().unwrap();
        std::fs::write(own.path().join("recipe.toml"), "").unwrap();
        assert!(
            matches!(RunDir::check_free(own.path()), Err(RunError::Occupied(_))),
            "somebody's recipe is not overwritten"
        );
    }
}
