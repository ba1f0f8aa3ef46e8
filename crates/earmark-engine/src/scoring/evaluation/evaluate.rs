//! Scores of a list of clips, and all metrics of them.

use crate::scoring::score_clips::ScoreJob;
use crate::scoring::score_error::ScoreError;
use crate::scoring::scorer::{Scorer, ScorerOutput};
use crate::scoring::segment_scores::SegmentScores;
use earmark_core::atomic::WriteError;
use earmark_core::random::{self, Purpose};
use earmark_core::threads::Workers;
use earmark_data::Item;
use earmark_features::Features;
use earmark_metrics::{Aligned, Lwlrap, MetricsError, Report, ReportOptions, ScoreTable};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Clips between two running results, as in the DCASE 2019 baseline.
const RUNNING_CLIPS: usize = 10;

/// A clip that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SkippedClip {
    /// File as the table names it.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// Results on a list of clips.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// All metrics.
    pub report: Report,
    /// The scores, in the order of the clips.
    pub scores: ScoreTable,
    /// Clips that could not be read.
    pub skipped: Vec<SkippedClip>,
    /// Lwlrap after 5 % of the clips.
    pub lwlrap_5: Option<f64>,
}

/// Why an evaluation fails.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// The scores of a clip can't be evaluated.
    #[error("{file}: could not be evaluated: {reason}")]
    Clip {
        /// The clip.
        file: String,
        /// Why.
        reason: String,
    },
    /// The clips can't be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The metrics can't be computed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A result can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What to evaluate, and on which clips.
pub struct EvaluationJob<'a> {
    /// The model.
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
    /// Set from outside to end after the current forward pass.
    pub stop: &'a AtomicBool,
}

/// Scores the clips in the order given by seed and step and computes all metrics; `None` when stopped. `fetch` gives
/// the log-mel features of a clip, `running` receives the number of clips and the lwlrap so far after every ten clips.
///
/// # Errors
///
/// When the clips can't be scored or the scores can't be evaluated; clips that can't be fetched are skipped.
pub fn evaluate<E: Display + Send>(
    job: &EvaluationJob,
    fetch: impl Fn(&Item) -> Result<Arc<Features>, E> + Sync,
    running: &mut dyn FnMut(usize, Option<f64>),
) -> Result<Option<Evaluation>, EvaluationError> {
    let outcome = |_: &Item, fetched: Result<SegmentScores, E>| match fetched {
        Ok(segments) => Some(Ok(job.scorer.mean(&segments))),
        Err(e) => Some(Err(e.to_string())),
    };
    evaluate_with(job, fetch, outcome, running)
}

/// As [`evaluate`], where `outcome` turns what was fetched into a clip's scores or why it has none; so it may score in
/// another way what could not be fetched. `None` stops.
///
/// # Errors
///
/// As [`evaluate`].
pub fn evaluate_with<E: Send>(
    job: &EvaluationJob,
    fetch: impl Fn(&Item) -> Result<Arc<Features>, E> + Sync,
    mut outcome: impl FnMut(&Item, Result<SegmentScores, E>) -> Option<Result<Vec<f32>, String>>,
    running: &mut dyn FnMut(usize, Option<f64>),
) -> Result<Option<Evaluation>, EvaluationError> {
    let EvaluationJob { items, classes, .. } = *job;
    let stream = &mut random::stream(job.seed, &[Purpose::Evaluate as u64, job.step]);
    let order = random::permutation(stream, items.len());
    let mut rows: Vec<Option<Vec<f32>>> = vec![None; items.len()];
    let mut skipped = Vec::new();
    let mut lwlrap = Lwlrap::new(classes.len());
    let mut lwlrap_5 = None;
    let (mut failed, mut done) = (None, 0);
    let clips = ScoreJob {
        clips: items.len(),
        workers: job.workers,
        stop: job.stop,
        own_passes: false,
    };
    let complete = job.scorer.run_segments(
        ScorerOutput::Scores,
        &clips,
        |i| fetch(&items[order[i]]),
        |i, fetched| {
            let item = &items[order[i]];
            let file = item.file.clone();
            let Some(result) = outcome(item, fetched) else {
                return false;
            };
            done += 1;
            match result {
                Err(reason) => skipped.push(SkippedClip { file, reason }),
                Ok(scores) => {
                    if let Err(e) = lwlrap.add(&scores, &truth(item, classes.len())) {
                        let reason = e.to_string();
                        failed = Some(EvaluationError::Clip { file, reason });
                        return false;
                    }
                    rows[order[i]] = Some(scores);
                }
            }
            if done == items.len().div_ceil(20) {
                lwlrap_5 = lwlrap.overall();
            }
            if done % RUNNING_CLIPS == 0 || done == items.len() {
                running(done, lwlrap.overall());
            }
            true
        },
    )?;
    if let Some(e) = failed {
        return Err(e);
    }
    if !complete {
        return Ok(None);
    }
    let (report, scores) = report(items, classes, rows)?;
    Ok(Some(Evaluation {
        report,
        scores,
        skipped,
        lwlrap_5,
    }))
}

/// Which classes a clip has.
fn truth(item: &Item, classes: usize) -> Vec<bool> {
    item.multi_hot(classes).iter().map(|v| *v > 0.0).collect()
}

/// All metrics of the clips that have scores, and these scores.
fn report(
    items: &[Item],
    classes: &[String],
    rows: Vec<Option<Vec<f32>>>,
) -> Result<(Report, ScoreTable), EvaluationError> {
    let scored = items
        .iter()
        .zip(rows)
        .filter_map(|(item, row)| Some((item, row?)));
    let (items, rows): (Vec<&Item>, Vec<Vec<f32>>) = scored.unzip();
    let truth = items.iter().flat_map(|item| truth(item, classes.len())).collect();
    let files = items.iter().map(|item| item.file.clone()).collect();
    let scores = ScoreTable::new(files, classes.to_vec(), rows.concat())?;
    let aligned = Aligned::from_rows(scores.clone(), truth)?;
    Ok((Report::of(&aligned, &ReportOptions::default())?, scores))
}
