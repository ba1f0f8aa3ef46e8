//! The folder of a fit: its settings, and what each finished way has found. All of it carries checksums: a way of which
//! something is damaged is run again, and other damage is refused by name.

use super::changed_settings::changes;
use super::job::FitCalibration;
use crate::{PipelineError, Skips};
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::Checksum;
use earmark_metrics::ScoreTable;
use earmark_runs::run_dir::{RunDir, RunError, RunLock, parse_sealed_json, write_sealed_json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file of the settings, with which a folder is one of a fit.
pub(super) const SETTINGS: &str = "settings.json";

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
    /// Whether its scores are those of a probe of its networks' pooled features; never in earlier versions, which
    /// called it `refitted` where the probe was one of the last layer.
    #[serde(default, rename = "refitted_pooled")]
    pub refitted: bool,
    /// What calibration does for its scores, if it calibrates itself; earlier versions did not keep it.
    #[serde(default)]
    pub calibration: Option<FitCalibration>,
}

/// What a way has found, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct KeptWay {
    #[serde(flatten)]
    found: FinishedWay,
    /// Of the file of its out-of-fold scores; earlier versions did not keep it.
    #[serde(default)]
    scores_checksum: Option<String>,
}

/// The folder, which no other process may use meanwhile.
pub(super) struct WorkFolder {
    pub path: PathBuf,
    _lock: RunLock,
}

impl WorkFolder {
    /// Opens the folder of a fit with these settings, or makes it. One with other settings is refused, or removed with
    /// `restart`.
    pub fn open(path: &Path, settings: &Value, restart: bool) -> Result<Self, PipelineError> {
        let file = path.join(SETTINGS);
        if restart && file.exists() {
            // Refused while another process is at work there.
            drop(lock(path, true)?);
            std::fs::remove_dir_all(path).map_err(|e| WriteError::new(path, e))?;
        }
        let lock = lock(path, file.exists())?;
        match read::<Value>(&file)? {
            None => write_sealed_json(&file, settings)?,
            Some(before) => refuse_others(path, &before, settings)?,
        }
        Ok(Self {
            path: path.into(),
            _lock: lock,
        })
    }

    /// What a way has found, if it is finished.
    pub fn finished(&self, way: &str) -> Result<Option<(FinishedWay, ScoreTable)>, PipelineError> {
        let Some(KeptWay {
            found,
            scores_checksum,
        }) = read(&self.result(way))?
        else {
            return Ok(None);
        };
        let path = self.scores(way);
        let text = std::fs::read(&path).map_err(|e| bad(&path, &e))?;
        if scores_checksum.is_some_and(|written| written != Checksum::of(&text)) {
            return Err(bad(&path, &"it is damaged: its checksum differs"));
        }
        let scores = ScoreTable::parse(text.as_slice(), &path.display().to_string())?;
        Ok(Some((found, scores)))
    }

    /// Forgets that a way is finished where a file of what it has found is damaged, so that it is run again; returns
    /// the file.
    pub fn forget_damaged(&self, way: &str) -> Result<Option<PathBuf>, PipelineError> {
        if self.finished(way).is_ok() {
            return Ok(None);
        }
        let result = self.result(way);
        let damaged = match read::<KeptWay>(&result) {
            Ok(_) => self.scores(way),
            Err(_) => result.clone(),
        };
        std::fs::remove_file(&result).map_err(|e| WriteError::new(&result, e))?;
        Ok(Some(damaged))
    }

    /// Keeps what a way has found.
    pub fn record(&self, way: &str, found: &FinishedWay, scores: &ScoreTable) -> Result<(), PipelineError> {
        let (path, mut text) = (self.scores(way), Vec::new());
        scores.write(&mut text).map_err(|e| WriteError::new(&path, e))?;
        atomic::write(&path, |w| w.write_all(&text))?;
        let kept = KeptWay {
            found: found.clone(),
            scores_checksum: Some(Checksum::of(&text)),
        };
        // Last: a way with this file is finished.
        Ok(write_sealed_json(&self.result(way), &kept)?)
    }

    /// The folds that a way of training is compared on: these, or those that it has begun with. How many fit into a
    /// budget is measured, and would differ in a resumed fit.
    pub fn folds_of(&self, way: &str, folds: Vec<u32>) -> Result<Vec<u32>, PipelineError> {
        let file = self.path.join(format!("{way}-folds.json"));
        if let Some(begun) = read::<Value>(&file)? {
            // Earlier versions wrote the list alone.
            let begun = begun.get("folds").cloned().unwrap_or(begun);
            return serde_json::from_value(begun).map_err(|e| bad(&file, &e));
        }
        write_sealed_json(&file, &json!({ "folds": folds }))?;
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

/// Locks the folder of a fit, which is named after the model.
fn lock(path: &Path, resume: bool) -> Result<RunLock, PipelineError> {
    let shown = path.display();
    RunDir::lock_folder(path, resume).map_err(|error| match error {
        RunError::Occupied(_) if !RunLock::is_held(path) => PipelineError::Request(format!(
            "{shown}: has something else in it, and is where this fit would keep its work; move it away, or name another \
             model with -o"
        )),
        // Another one may have begun between a look and the next.
        RunError::Locked(_) | RunError::Occupied(_) => PipelineError::Request(format!(
            "{shown}: another earmark is at work on this fit; wait for it, or name another model with -o"
        )),
        other => other.into(),
    })
}

/// A JSON file; `None` if there is none.
fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, PipelineError> {
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|e| bad(path, &e))?,
    };
    let value = parse_sealed_json(&text).map_err(|e| bad(path, &e))?;
    serde_json::from_value(value).map(Some).map_err(|e| bad(path, &e))
}

fn bad(path: &Path, problem: &dyn Display) -> PipelineError {
    PipelineError::Request(format!(
        "{}: cannot be read: {problem}; begin again with --restart",
        path.display()
    ))
}

/// Refuses settings that differ from those that a fit began with.
fn refuse_others(path: &Path, before: &Value, now: &Value) -> Result<(), PipelineError> {
    let changes = changes(before, now);
    if changes.is_empty() {
        return Ok(());
    }
    Err(PipelineError::Request(format!(
        "{}: cannot be resumed: {}; begin again with --restart, or choose another -o",
        path.display(),
        changes.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> FinishedWay {
        FinishedWay {
            seconds: 1.5,
            warnings: vec!["w".into()],
            skipped: vec![("b".into(), "broken".into())],
            damaged: vec![("c".into(), "0.9 of 1.0 s of it are used".into())],
            single_label: true,
            refitted: false,
            calibration: None,
        }
    }

    fn scores() -> ScoreTable {
        ScoreTable::new(vec!["a".into()], vec!["x".into(), "y".into()], vec![0.25, 0.5]).unwrap()
    }

    /// A damaged file costs its way, which is run again; a damaged setting is refused.
    #[test]
    fn every_flipped_bit_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.fit");
        let settings = json!({ "data": "abc", "fold": 2 });
        let work = WorkFolder::open(&path, &settings, false).unwrap();
        let flips = |file: &Path, each: &dyn Fn()| {
            let whole = std::fs::read(file).unwrap();
            for bit in 0..8 * whole.len() {
                let mut damaged = whole.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(file, damaged).unwrap();
                each();
            }
            std::fs::write(file, whole).unwrap();
        };
        work.record("probe", &found(), &scores()).unwrap();
        assert_eq!(work.forget_damaged("probe").unwrap(), None);
        let (result, table) = (work.result("probe"), work.scores("probe"));
        flips(&table, &|| assert!(work.finished("probe").is_err()));
        flips(&result, &|| match work.finished("probe") {
            // Its checksum has another name, and all else is as it was.
            Ok(Some((same, table))) => assert_eq!((same.damaged, table), (found().damaged, scores())),
            Ok(None) => panic!("it is there"),
            Err(_) => {}
        });
        let text = std::fs::read_to_string(&table).unwrap();
        std::fs::write(&table, text.replace("0.25", "0.75")).unwrap();
        assert_eq!(work.forget_damaged("probe").unwrap(), Some(table));
        assert!(work.finished("probe").unwrap().is_none(), "it is run again");
        std::fs::write(&result, "{").unwrap();
        assert_eq!(work.forget_damaged("probe").unwrap(), Some(result));

        assert_eq!(work.folds_of("fine-tune", vec![1, 2]).unwrap(), [1, 2]);
        let folds = path.join("fine-tune-folds.json");
        let text = std::fs::read_to_string(&folds).unwrap();
        std::fs::write(&folds, text.replace('2', "3")).unwrap();
        let refused = work.folds_of("fine-tune", vec![1]).unwrap_err().to_string();
        assert!(
            refused.contains("fine-tune-folds.json: cannot be read: its checksum differs"),
            "{refused}"
        );
        std::fs::write(&folds, "[1, 4]").unwrap();
        assert_eq!(
            work.folds_of("fine-tune", vec![1]).unwrap(),
            [1, 4],
            "as it was written earlier"
        );
        drop(work);

        let file = path.join(SETTINGS);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("abc", "abd")).unwrap();
        let refused = WorkFolder::open(&path, &settings, false)
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.contains("settings.json: cannot be read: its checksum differs")
                && refused.ends_with("begin again with --restart"),
            "{refused}"
        );
    }

    #[test]
    fn finished_ways_are_kept_for_the_same_settings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.fit");
        let settings = json!({ "data": "abc", "fold": null });
        let work = WorkFolder::open(&path, &settings, false).unwrap();
        let locked = WorkFolder::open(&path, &settings, false).err().unwrap();
        let wanted = "another earmark is at work on this fit; wait for it, or name another model with -o";
        assert!(locked.to_string().ends_with(wanted), "{locked}");
        // The same where it has not written anything but its lock.
        std::fs::remove_file(path.join(SETTINGS)).unwrap();
        let locked = WorkFolder::open(&path, &settings, false).err().unwrap();
        assert!(locked.to_string().ends_with(wanted), "{locked}");
        std::fs::write(path.join("probe-folds.json"), "").unwrap();
        let locked = WorkFolder::open(&path, &settings, false).err().unwrap();
        assert!(locked.to_string().ends_with(wanted), "{locked}");
        std::fs::remove_file(path.join("probe-folds.json")).unwrap();
        drop(work);
        let work = WorkFolder::open(&path, &settings, false).unwrap();
        assert!(work.finished("probe").unwrap().is_none());
        let (scores, found) = (scores(), found());
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
            refused.ends_with(
                "cannot be resumed: --fold was not given, now 2; begin again with --restart, or choose another -o"
            ),
            "{refused}"
        );
        let work = WorkFolder::open(&path, &other, true).unwrap();
        assert!(work.finished("probe").unwrap().is_none());
    }

    #[test]
    fn ways_of_earlier_versions_still_open() {
        let text = r#"{"seconds":2.0,"warnings":[],"skipped":[],"single_label":true,"refitted":true}"#;
        let KeptWay {
            found,
            scores_checksum,
        } = serde_json::from_str(text).unwrap();
        assert!(found.damaged.is_empty() && scores_checksum.is_none() && !found.refitted);
    }

    #[test]
    fn a_folder_of_others_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        for restart in [false, true] {
            let refused = WorkFolder::open(dir.path(), &json!({}), restart).err().unwrap();
            let refused = refused.to_string();
            assert!(
                refused.ends_with("move it away, or name another model with -o"),
                "{refused}"
            );
        }
        assert!(dir.path().join("thesis.txt").exists());
    }
}
