//! The files of evaluated checkpoints.
//!
//! `eval/eval-<step>.txt` is written last and atomically: it means that the step is evaluated.

use super::error::EvaluationError;
use super::evaluate::Evaluation;
use crate::checkpoint::event_file::{EventWriter, PREFIX};
use earmark_core::atomic::{self, WriteError};
use std::path::{Path, PathBuf};

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

/// Writes scores, JSON, TensorBoard summaries and, last, the text that marks the step as evaluated. `heading` are lines above the
/// results, such as a warning that they are optimistic.
///
/// # Errors
///
/// When a file can't be written.
pub fn write_result(
    eval: &Path,
    step: u64,
    evaluation: &Evaluation,
    heading: &str,
) -> Result<(), EvaluationError> {
    evaluation.scores.save(scores_path(eval, step))?;
    atomic::write(&json_path(eval, step), |w| {
        serde_json::to_writer_pretty(&mut *w, &evaluation.report)?;
        w.write_all(b"\n")
    })?;
    let events = eval.join(format!("{PREFIX}{step:010}.earmark-eval"));
    let write = || {
        let mut w = EventWriter::open(&events, 0)?;
        let values = [
            ("Lwlrap", evaluation.report.lwlrap),
            ("Lwlrap-5%", evaluation.lwlrap_5),
            ("Accuracy", evaluation.report.accuracy),
        ];
        let values: Vec<(&str, f64)> = values.into_iter().filter_map(|(n, v)| Some((n, v?))).collect();
        w.scalars(step, &values)?;
        w.sync()
    };
    write().map_err(|e| WriteError::new(&events, e))?;
    let mut text = heading.to_owned();
    text.push_str(&evaluation.report.lwlrap_lines());
    text.push('\n');
    text.push_str(&evaluation.report.table());
    for s in &evaluation.skipped {
        text.push_str(&format!("skipped {}: {}\n", s.file, s.reason));
    }
    Ok(atomic::write(&result_path(eval, step), |w| {
        w.write_all(text.as_bytes())
    })?)
}

/// The steps to evaluate when every N-th of `steps` is wanted; the last one always is.
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
}
