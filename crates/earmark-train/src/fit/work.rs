//! The folder of a fit: its settings, and what each finished way has found.

use crate::{PipelineError, Skips};
use earmark_core::atomic::WriteError;
use earmark_metrics::ScoreTable;
use earmark_runs::run_dir::{RunDir, RunLock, write_json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const SETTINGS: &str = "settings.json";

/// What a finished way has found, next to its out-of-fold scores.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FinishedWay {
    /// Seconds that it took.
    pub seconds: f64,
    /// What is bad about its results.
    pub warnings: Vec<String>,
    /// Clips that it could not read.
    pub skipped: Skips,
    /// Clips that it used though a part of them is missing, with what; earlier versions did not keep it.
    #[serde(default)]
    pub damaged: Skips,
    /// Whether its classes exclude each other.
    pub single_label: bool,
}

/// The folder, which no other process may use meanwhile.
pub(super) struct WorkFolder {
    pub path: PathBuf,
    _lock: RunLock,
}

impl WorkFolder {
    /// Opens the folder of a fit with these settings, or makes it. One with other settings is refused, or removed with `restart`.
    pub fn open(path: &Path, settings: &Value, restart: bool) -> Result<Self, PipelineError> {
        let file = path.join(SETTINGS);
        if restart && file.exists() {
            // Refused while another process is at work there.
            drop(RunDir::lock_folder(path, true)?);
            std::fs::remove_dir_all(path).map_err(|e| WriteError::new(path, e))?;
        }
        let lock = RunDir::lock_folder(path, file.exists())?;
        match read::<Value>(&file)? {
            None => write_json(&file, settings)?,
            Some(before) => refuse_others(path, &before, settings)?,
        }
        Ok(Self {
            path: path.into(),
            _lock: lock,
        })
    }

    /// What a way has found, if it is finished.
    pub fn finished(&self, way: &str) -> Result<Option<(FinishedWay, ScoreTable)>, PipelineError> {
        let Some(found) = read(&self.result(way))? else {
            return Ok(None);
        };
        Ok(Some((found, ScoreTable::read(self.scores(way))?)))
    }

    /// Keeps what a way has found.
    pub fn record(&self, way: &str, found: &FinishedWay, scores: &ScoreTable) -> Result<(), PipelineError> {
        scores.save(self.scores(way))?;
        // Last: a way with this file is finished.
        Ok(write_json(&self.result(way), found)?)
    }

    /// The folds that a way of training is compared on: these, or those that it has begun with. How many fit into a budget is measured, and
    /// would differ in a resumed fit.
    pub fn folds_of(&self, way: &str, folds: Vec<u32>) -> Result<Vec<u32>, PipelineError> {
        let file = self.path.join(format!("{way}-folds.json"));
        if let Some(begun) = read(&file)? {
            return Ok(begun);
        }
        write_json(&file, &folds)?;
        Ok(folds)
    }

    fn result(&self, way: &str) -> PathBuf {
        self.path.join(format!("{way}.json"))
    }

    /// The out-of-fold scores of a way.
    pub fn scores(&self, way: &str) -> PathBuf {
        self.path.join(format!("{way}-out-of-fold.csv"))
    }
}

/// A JSON file; `None` if there is none.
fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, PipelineError> {
    let bad = |problem: String| {
        PipelineError::Request(format!(
            "{}: cannot be read: {problem}; begin again with --restart",
            path.display()
        ))
    };
    match std::fs::read_to_string(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(bad(e.to_string())),
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| bad(e.to_string())),
    }
}

/// Refuses settings that differ from those that a fit began with.
fn refuse_others(path: &Path, before: &Value, now: &Value) -> Result<(), PipelineError> {
    let keys = now.as_object().into_iter().flatten();
    let changed = keys.filter(|(key, value)| before.get(key.as_str()) != Some(*value));
    // Another fold is other data as well, which says less.
    match changed.map(|(key, _)| key).max_by_key(|key| *key != "data") {
        None => Ok(()),
        Some(key) => Err(PipelineError::Request(format!(
            "{}: was begun with another setting: {key} was {}, now {}; begin again with --restart, or choose another -o",
            path.display(),
            before.get(key.as_str()).unwrap_or(&Value::Null),
            now[key.as_str()]
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finished_ways_are_kept_for_the_same_settings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.fit");
        let settings = json!({ "data": "abc", "fold": null });
        let work = WorkFolder::open(&path, &settings, false).unwrap();
        let locked = WorkFolder::open(&path, &settings, false).err().unwrap();
        assert!(matches!(locked, PipelineError::Run(_)), "{locked}");
        assert!(work.finished("probe").unwrap().is_none());
        let scores =
            ScoreTable::new(vec!["a".into()], vec!["x".into(), "y".into()], vec![0.25, 0.5]).unwrap();
        let found = FinishedWay {
            seconds: 1.5,
            warnings: vec!["w".into()],
            skipped: vec![("b".into(), "broken".into())],
            damaged: vec![("c".into(), "0.9 of 1.0 s of it are used".into())],
            single_label: true,
        };
        work.record("probe", &found, &scores).unwrap();
        drop(work);
        let work = WorkFolder::open(&path, &settings, false).unwrap();
        let (again, table) = work.finished("probe").unwrap().unwrap();
        assert_eq!((again.seconds, again.skipped.len()), (1.5, 1));
        assert_eq!(again.damaged, found.damaged);
        assert_eq!(table, scores);
        assert_eq!(work.folds_of("fine-tune", vec![1, 2]).unwrap(), [1, 2]);
        let resumed = work.folds_of("fine-tune", vec![1]).unwrap();
        assert_eq!(resumed, [1, 2], "a fit resumes as it began");
        drop(work);
        let other = json!({ "data": "abc", "fold": 2 });
        let refused = WorkFolder::open(&path, &other, false).err().unwrap().to_string();
        assert!(
            refused.ends_with("fold was null, now 2; begin again with --restart, or choose another -o"),
            "{refused}"
        );
        let work = WorkFolder::open(&path, &other, true).unwrap();
        assert!(work.finished("probe").unwrap().is_none());
    }

    #[test]
    fn ways_of_earlier_versions_still_open() {
        let text = r#"{"seconds":2.0,"warnings":[],"skipped":[],"single_label":true}"#;
        let found: FinishedWay = serde_json::from_str(text).unwrap();
        assert!(found.damaged.is_empty());
    }

    #[test]
    fn a_folder_of_others_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        for restart in [false, true] {
            assert!(WorkFolder::open(dir.path(), &json!({}), restart).is_err());
        }
        assert!(dir.path().join("thesis.txt").exists());
    }
}
