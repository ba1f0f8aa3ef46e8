//! The files of evaluated checkpoints.
//!
//! `eval/eval-<step>.txt` is written last and atomically: it means that the step is evaluated.

use super::evaluate::{Evaluation, EvaluationError};
use crate::checkpoint::tensorboard_events::{EventWriter, PREFIX};
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::{Checksum, seal};
use earmark_metrics::Report;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// What is said with the results of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultNotes {
    /// Lines above the text: which clips were evaluated, and a warning where the results are optimistic.
    pub heading: String,
    /// Lines below it.
    pub warnings: Vec<String>,
    /// Keys of the JSON beyond those of the report.
    pub keys: Map<String, Value>,
}

/// A report with these keys.
#[derive(Serialize)]
struct NotedReport<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(flatten)]
    keys: &'a Map<String, Value>,
    scores_checksum: String,
}

/// Path of the result of a checkpoint, which marks it as evaluated.
pub fn result_path(eval: &Path, step: u64) -> PathBuf {
    eval.join(format!("eval-{step}.txt"))
}

/// Path of the same result as JSON.
pub fn json_path(eval: &Path, step: u64) -> PathBuf {
    eval.join(format!("eval-{step}.json"))
}

/// Path of the scores of the clips.
pub fn scores_path(eval: &Path, step: u64) -> PathBuf {
    eval.join(format!("scores-{step}.csv"))
}

/// Writes scores, JSON, TensorBoard summaries and, last, the text that marks the step as evaluated.
///
/// # Errors
///
/// When a file can't be written.
pub fn write_result(
    eval: &Path,
    step: u64,
    evaluation: &Evaluation,
    notes: &ResultNotes,
) -> Result<(), EvaluationError> {
    let (report, keys) = (&evaluation.report, &notes.keys);
    let (path, mut scores) = (scores_path(eval, step), Vec::new());
    let written = evaluation.scores.write(&mut scores);
    written.map_err(|e| WriteError::new(&path, e))?;
    atomic::write(&path, |w| w.write_all(&scores))?;
    let scores_checksum = Checksum::of(&scores);
    let noted = NotedReport {
        report,
        keys,
        scores_checksum,
    };
    let path = json_path(eval, step);
    let json = serde_json::to_string_pretty(&noted).map_err(|e| WriteError::new(&path, e.into()))?;
    atomic::write(&path, |w| w.write_all((seal(json) + "\n").as_bytes()))?;
    let events = eval.join(format!("{PREFIX}{step:010}.earmark-eval"));
    let mut events = EventWriter::open(&events, 0)?;
    let scalars = [
        ("Lwlrap", report.lwlrap),
        ("Lwlrap-5%", evaluation.lwlrap_5),
        ("Accuracy", report.accuracy),
    ];
    events.scalars(step, &scalars)?;
    events.sync()?;
    let mut text = format!("{}{}\n{}", notes.heading, report.lwlrap_lines(), report.table());
    for warning in &notes.warnings {
        text += &format!("caution: {warning}\n");
    }
    for s in &evaluation.skipped {
        text += &format!("skipped {}: {}\n", s.file, s.reason);
    }
    let result = result_path(eval, step);
    Ok(atomic::write(&result, |w| w.write_all(text.as_bytes()))?)
}
