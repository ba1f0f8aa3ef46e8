//! The run directory: explains itself before the first step.
//!
//! ```text
//! recipe.toml     the recipe, resolved, every default written out
//! classes.csv     index,name
//! split.csv       part,file,role: what trains, validates and is judged
//! run.json        command line, version, revision, seed, data, device: see RunInfo
//! log.txt         what happened when
//! metrics.jsonl   a line a step, a line a validation
//! events.out.*    the same for TensorBoard
//! checkpoints/    step-00000100.safetensors ..., state.safetensors
//! best.safetensors
//! eval/           results of `earmark eval`
//! ```

use crate::recipe::{Recipe, RecipeError};
use earmark_data::atomic::{self, WriteError};
use earmark_data::{ClassMap, ClassMapError};
use earmark_engine::{FORMAT, Scopes, checkpoint};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Instant, SystemTime};

/// `run.json`: where a run comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of the run directory's layout.
    pub format: u32,
    /// The command line that began it.
    pub command: Vec<String>,
    /// Version of the program.
    pub version: String,
    /// Revision of its source, where it was known when it was built.
    pub revision: Option<String>,
    /// When it began, RFC 3339.
    pub started: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Device it trains on.
    pub device: String,
    /// The data it is trained on.
    pub data: DataInfo,
    /// The model its weights begin from.
    #[serde(default)]
    pub init_from: Option<String>,
    /// Which of its variables come over.
    #[serde(default)]
    pub scopes: Scopes,
    /// Whether the judged clips steer the training, so that its scores on them are optimistic.
    pub optimistic: bool,
}

/// The data of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    /// The folder.
    pub root: PathBuf,
    /// Its layout.
    pub layout: String,
    /// Fingerprint of its tables and file sizes.
    pub fingerprint: String,
    /// The fold kept for judging.
    pub fold: Option<u32>,
    /// Clips trained on.
    pub train: usize,
    /// Clips that validate.
    pub validation: usize,
    /// Clips kept for judging.
    pub judged: usize,
    /// Clips left out because they could not be read, with the reason.
    pub skipped: Vec<(String, String)>,
}

/// Why a run directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It holds something already.
    #[error(
        "{0}: holds something already; go on with its run by --resume, or choose another folder with --run"
    )]
    Occupied(PathBuf),
    /// It is no run.
    #[error(
        "{path}: is no run directory ({missing} is missing); give the folder that `earmark train --run` named"
    )]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// What should be there.
        missing: &'static str,
    },
    /// Another process trains in it.
    #[error(
        "{0}: another earmark is training in this folder; wait for it, or choose another folder with --run"
    )]
    Locked(PathBuf),
    /// run.json is broken or of a later format.
    #[error("{path}: {message}")]
    Info {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A checkpoint that is not there.
    #[error("{run}: has no checkpoint {step}; there are {known}")]
    NoCheckpoint {
        /// The run.
        run: PathBuf,
        /// The step asked for.
        step: u64,
        /// The steps there are.
        known: String,
    },
    /// Nothing trained yet.
    #[error("{0}: has no weights yet; train it first (`earmark train ... --run {0} --resume`)")]
    NoWeights(PathBuf),
    /// Not a model, not a run.
    #[error("{0}: no such model file or run directory; expected MODEL.safetensors, RUN or RUN@STEP")]
    NoModel(String),
    /// A file can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The recipe inside is refused.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The class map inside is broken.
    #[error(transparent)]
    Classes(#[from] ClassMapError),
}

/// An opened run directory.
#[derive(Debug)]
pub struct RunDir {
    /// Where it is.
    pub path: PathBuf,
    /// `recipe.toml`.
    pub recipe: Recipe,
    /// `classes.csv`.
    pub classes: ClassMap,
    /// `run.json`.
    pub info: RunInfo,
}

impl RunDir {
    /// Refuses a folder that a new run would overwrite.
    pub fn check_free(path: &Path) -> Result<(), RunError> {
        let occupied = match std::fs::read_dir(path) {
            Ok(entries) => {
                let names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
                // A start that was refused leaves its lock; one that was killed, also what is written before run.json.
                let begun = names.iter().any(|n| n == LOCK);
                let ours =
                    |n: &OsString| n == LOCK || BEFORE_INFO.iter().any(|b| n == b) || atomic::is_leftover(n);
                !(names.is_empty() || begun && names.iter().all(ours))
            }
            Err(_) => path.exists(),
        };
        if occupied {
            Err(RunError::Occupied(path.into()))
        } else {
            Ok(())
        }
    }

    /// Writes what explains a new run.
    pub fn create(
        path: &Path,
        recipe: &Recipe,
        classes: &ClassMap,
        info: &RunInfo,
    ) -> Result<Self, RunError> {
        let io = |e| WriteError::new(path, e);
        std::fs::create_dir_all(path).map_err(io)?;
        atomic::write(&path.join("recipe.toml"), |w| {
            w.write_all(recipe.to_toml().as_bytes())
        })?;
        atomic::write(&path.join("classes.csv"), |w| classes.write(w))?;
        // Last: a folder with run.json is a run.
        atomic::write(&path.join("run.json"), |w| {
            serde_json::to_writer_pretty(&mut *w, info)?;
            w.write_all(b"\n")
        })?;
        Ok(Self {
            path: path.into(),
            recipe: recipe.clone(),
            classes: classes.clone(),
            info: info.clone(),
        })
    }

    /// Opens a run.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let read = |name: &'static str| {
            std::fs::read_to_string(path.join(name)).map_err(|_| RunError::NoRun {
                path: path.into(),
                missing: name,
            })
        };
        let json_path = path.join("run.json");
        let bad = |message: String| RunError::Info {
            path: json_path.clone(),
            message,
        };
        let value: serde_json::Value =
            serde_json::from_str(&read("run.json")?).map_err(|e| bad(e.to_string()))?;
        let format = value["format"].as_u64().unwrap_or(0);
        if format > u64::from(FORMAT) {
            return Err(bad(format!(
                "format {format} is newer than the {FORMAT} this program knows; update earmark"
            )));
        }
        let info = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
        let recipe = Recipe::parse(&read("recipe.toml")?, &path.join("recipe.toml"))?;
        let classes = ClassMap::read(&path.join("classes.csv"))?;
        Ok(Self {
            path: path.into(),
            recipe,
            classes,
            info,
        })
    }

    /// The folder of evaluation results.
    pub fn eval(&self) -> PathBuf {
        self.path.join("eval")
    }
}

const LOCK: &str = ".lock";

/// What a new run writes before run.json.
const BEFORE_INFO: [&str; 3] = ["recipe.toml", "classes.csv", "split.csv"];

/// Keeps other processes from training in a folder; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Locks a folder, making it if need be.
    pub fn take(path: &Path) -> Result<Self, RunError> {
        let lock = path.join(LOCK);
        let open = || {
            std::fs::create_dir_all(path)?;
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&lock)
        };
        let file = open().map_err(|e| WriteError::new(path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(RunError::Locked(path.into())),
            Err(std::fs::TryLockError::Error(e)) => Err(WriteError::new(&lock, e).into()),
        }
    }
}

/// The model file that `MODEL.safetensors`, `RUN` (its best, else its last checkpoint) or `RUN@STEP` means.
pub fn find_model(name: &str) -> Result<PathBuf, RunError> {
    let path = PathBuf::from(name);
    if path.is_file() {
        return Ok(path);
    }
    if path.is_dir() {
        let best = path.join("best.safetensors");
        if best.is_file() {
            return Ok(best);
        }
        if !path.join("run.json").is_file() {
            return Err(RunError::NoRun {
                path,
                missing: "run.json",
            });
        }
        let steps = checkpoint::list(&path).unwrap_or_default();
        return match steps.last() {
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
        let known: Vec<String> = checkpoint::list(&run)
            .unwrap_or_default()
            .iter()
            .map(u64::to_string)
            .collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(RunError::NoCheckpoint { run, step, known });
    }
    Err(RunError::NoModel(name.into()))
}

/// A free folder `runs/NAME-001`, `runs/NAME-002`, ... below `base`.
pub fn fresh(base: &Path, recipe: &str) -> PathBuf {
    let name: String = recipe
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    (1..)
        .map(|n| base.join(format!("{name}-{n:03}")))
        .find(|p| !p.exists())
        .expect("an endless range")
}

/// `log.txt`: lines with the time since the program started.
#[derive(Debug)]
pub struct Log {
    file: Mutex<File>,
    start: Instant,
}

impl Log {
    /// Opens the log of a run for appending.
    pub fn open(run: &Path) -> Result<Self, WriteError> {
        let path = run.join("log.txt");
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| WriteError::new(&path, e))?;
        Ok(Self {
            file: Mutex::new(file),
            start: Instant::now(),
        })
    }

    /// Adds a line. The log is for people; a full disk must not end a training because of it.
    pub fn line(&self, text: &str) {
        let t = self.start.elapsed().as_secs_f64();
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = file.write_all(format!("{t:10.1} s  {text}\n").as_bytes());
    }
}

/// Now, as RFC 3339 in UTC.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_folders_are_numbered() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(fresh(dir.path(), "a/b c").file_name().unwrap(), "a-b-c-001");
        std::fs::create_dir(dir.path().join("a-b-c-001")).unwrap();
        assert_eq!(fresh(dir.path(), "a/b c").file_name().unwrap(), "a-b-c-002");
    }

    #[test]
    fn a_lock_excludes_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let lock = RunLock::take(dir.path()).unwrap();
        assert!(matches!(RunLock::take(dir.path()), Err(RunError::Locked(_))));
        drop(lock);
        RunLock::take(dir.path()).unwrap();
        assert!(
            RunDir::check_free(dir.path()).is_ok(),
            "a lock alone does not occupy"
        );
        std::fs::write(dir.path().join("recipe.toml"), "").unwrap();
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
