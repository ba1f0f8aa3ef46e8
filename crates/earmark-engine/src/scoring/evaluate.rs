//! Judging a run's checkpoints: every one (or every N-th), each once, by any number of evaluators at a time.
//!
//! An evaluator claims a checkpoint by an operating-system lock on `eval/claim-<step>`, which a dying process lets go by itself; the file
//! goes when the step is judged.
//! `eval/eval-<step>.txt` is written last and atomically: it means "judged".

use crate::checkpoint::event_file::{EventWriter, PREFIX};
use crate::scoring::scorer::Scorer;
use crate::training::fit::FitError;
use earmark_core::atomic::{self, WriteError};
use earmark_core::random::{self, Purpose};
use earmark_core::threads::Workers;
use earmark_data::Item;
use earmark_features::Features;
use earmark_metrics::{Aligned, Lwlrap, Report, ReportOptions, ScoreTable};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Clips between two running results, as in the DCASE 2019 baseline.
const RUNNING_CLIPS: usize = 10;

/// Path of the marker and result of a judged checkpoint.
pub fn result_path(eval: &Path, step: u64) -> PathBuf {
    eval.join(format!("eval-{step}.txt"))
}

/// Path of the same result as JSON.
pub fn json_path(eval: &Path, step: u64) -> PathBuf {
    eval.join(format!("eval-{step}.json"))
}

/// Path of the scores behind it.
pub fn scores_path(eval: &Path, step: u64) -> PathBuf {
    eval.join(format!("scores-{step}.csv"))
}

/// A checkpoint that this process alone judges; released on drop.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    result: PathBuf,
    _lock: File,
}

impl Claim {
    /// Claims a step, unless it is judged already or another evaluator is at it.
    pub fn take(eval: &Path, step: u64) -> std::io::Result<Option<Self>> {
        if result_path(eval, step).exists() {
            return Ok(None);
        }
        let path = eval.join(format!("claim-{step}"));
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(e)) => return Err(e),
        }
        // Another evaluator may have finished between the two looks.
        let claim = Self {
            path,
            result: result_path(eval, step),
            _lock: lock,
        };
        Ok((!claim.result.exists()).then_some(claim))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Only beside a result, which says the same: were the file of an open claim removed, two evaluators could hold a lock
        // each, on the old file and on a new one.
        if self.result.exists() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A clip that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SkippedClip {
    /// File as the table names it.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// Results on a list of clips.
#[derive(Clone, Debug)]
pub struct Judged {
    /// All metrics.
    pub report: Report,
    /// The scores, in the order of the clips.
    pub scores: ScoreTable,
    /// Clips that could not be read.
    pub skipped: Vec<SkippedClip>,
    /// Lwlrap after 5 % of the clips.
    pub lwlrap_5: Option<f64>,
}

/// What to judge, and on what.
pub struct Judge<'a> {
    /// The weights.
    pub scorer: &'a Scorer,
    /// The clips.
    pub items: &'a [Item],
    /// Names of the classes, in the order of the scores.
    pub classes: &'a [String],
    /// Threads that fetch features.
    pub workers: &'a Workers,
    /// Seed of the order of the clips...
    pub seed: u64,
    /// ... and the step that the order belongs to.
    pub step: u64,
    /// Set from outside to end after the forward pass in work.
    pub stop: &'a AtomicBool,
}

/// Scores the clips in the order given by seed and step and computes all metrics; `None` when stopped. `fetch` gives the base
/// features of a clip, `running` hears the lwlrap so far after every ten clips.
pub fn judge<E: std::fmt::Display + Send>(
    job: &Judge,
    fetch: impl Fn(&Item) -> Result<Arc<Features>, E> + Sync,
    running: &mut dyn FnMut(usize, Option<f64>),
) -> Result<Option<Judged>, FitError> {
    let Judge { items, classes, .. } = *job;
    let stream = &mut random::stream(job.seed, &[Purpose::Evaluate as u64, job.step]);
    let order = random::permutation(stream, items.len());
    let mut rows: Vec<Option<Vec<f32>>> = vec![None; items.len()];
    let mut skipped = Vec::new();
    let mut lwlrap = Lwlrap::new(classes.len());
    let mut lwlrap_5 = None;
    let five_percent = items.len().div_ceil(20);
    let (mut failed, mut seen) = (None, 0);
    let whole = job.scorer.score(
        items.len(),
        job.workers,
        |i| fetch(&items[order[i]]),
        job.stop,
        |i, result| {
            let item = &items[order[i]];
            seen += 1;
            match result {
                Err(e) => skipped.push(SkippedClip {
                    file: item.file.clone(),
                    reason: e.to_string(),
                }),
                Ok(scores) => {
                    let truth: Vec<bool> = item.multi_hot(classes.len()).iter().map(|v| *v > 0.0).collect();
                    if let Err(e) = lwlrap.add(&scores, &truth) {
                        failed = Some(FitError::Judge {
                            file: item.file.clone(),
                            reason: e.to_string(),
                        });
                        return false;
                    }
                    rows[order[i]] = Some(scores);
                }
            }
            if seen == five_percent {
                lwlrap_5 = lwlrap.overall();
            }
            if seen % RUNNING_CLIPS == 0 || seen == items.len() {
                running(seen, lwlrap.overall());
            }
            true
        },
    )?;
    if let Some(e) = failed {
        return Err(e);
    }
    if !whole {
        return Ok(None);
    }
    let good: Vec<(&Item, Vec<f32>)> = items
        .iter()
        .zip(rows)
        .filter_map(|(item, row)| Some((item, row?)))
        .collect();
    let truth = good
        .iter()
        .flat_map(|(i, _)| i.multi_hot(classes.len()))
        .map(|v| v > 0.0)
        .collect();
    let files = good.iter().map(|(i, _)| i.file.clone()).collect();
    let values = good.into_iter().flat_map(|(_, row)| row).collect();
    let scores = ScoreTable::new(files, classes.to_vec(), values)?;
    let report = Report::of(
        &Aligned::from_rows(scores.clone(), truth)?,
        &ReportOptions::default(),
    )?;
    Ok(Some(Judged {
        report,
        scores,
        skipped,
        lwlrap_5,
    }))
}

/// Writes scores, JSON, TensorBoard summaries and, last, the text that marks the step as judged. `heading` are lines above the
/// results, such as a warning that they are optimistic.
pub fn write_result(eval: &Path, step: u64, judged: &Judged, heading: &str) -> Result<(), FitError> {
    judged.scores.save(scores_path(eval, step))?;
    atomic::write(&json_path(eval, step), |w| {
        serde_json::to_writer_pretty(&mut *w, &judged.report)?;
        w.write_all(b"\n")
    })?;
    let events = eval.join(format!("{PREFIX}{step:010}.earmark-eval"));
    let write = || {
        let mut w = EventWriter::open(&events, 0)?;
        let values = [
            ("Lwlrap", judged.report.lwlrap),
            ("Lwlrap-5%", judged.lwlrap_5),
            ("Accuracy", judged.report.accuracy),
        ];
        let values: Vec<(&str, f64)> = values.into_iter().filter_map(|(n, v)| Some((n, v?))).collect();
        w.scalars(step, &values)?;
        w.sync()
    };
    write().map_err(|e| WriteError::new(&events, e))?;
    let mut text = heading.to_owned();
    text.push_str(&judged.report.lwlrap_lines());
    text.push('\n');
    text.push_str(&judged.report.table());
    for s in &judged.skipped {
        text.push_str(&format!("skipped {}: {}\n", s.file, s.reason));
    }
    Ok(atomic::write(&result_path(eval, step), |w| {
        w.write_all(text.as_bytes())
    })?)
}

/// Steps among `steps` to judge when every `every`-th is wanted, the last one always among them.
pub fn every_nth(steps: &[u64], every: usize) -> Vec<u64> {
    let every = every.max(1);
    let last = steps.len().saturating_sub(1);
    steps
        .iter()
        .enumerate()
        .filter(|(i, _)| (i + 1) % every == 0 || *i == last)
        .map(|(_, s)| *s)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_ends_with_the_last() {
        assert_eq!(every_nth(&[1, 2, 3, 4, 5], 2), [2, 4, 5]);
        assert_eq!(every_nth(&[1, 2], 1), [1, 2]);
        assert!(every_nth(&[], 3).is_empty());
    }

    #[test]
    fn a_claim_excludes_others_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let claim = Claim::take(dir.path(), 100).unwrap().expect("free");
        assert!(Claim::take(dir.path(), 100).unwrap().is_none(), "taken");
        let other = Claim::take(dir.path(), 200).unwrap();
        assert!(other.is_some(), "another step is free");
        drop(claim);
        assert!(Claim::take(dir.path(), 100).unwrap().is_some(), "free again");
        std::fs::write(result_path(dir.path(), 100), "judged").unwrap();
        assert!(Claim::take(dir.path(), 100).unwrap().is_none(), "judged");
    }
}
