//! The files of evaluated checkpoints.
//!
//! `eval/eval-<step>.txt` is written last and atomically: it means that the step is evaluated.

use super::evaluate::{Evaluation, EvaluationError};
use crate::checkpoint::event_file::{EventWriter, PREFIX};
use earmark_core::atomic;
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
    let report = &evaluation.report;
    evaluation.scores.save(scores_path(eval, step))?;
    atomic::write(&json_path(eval, step), |w| {
        serde_json::to_writer_pretty(&mut *w, report)?;
        w.write_all(b"\n")
    })?;
    let events = eval.join(format!("{PREFIX}{step:010}.earmark-eval"));
    let mut events = EventWriter::open(&events, 0)?;
    let scalars = [
        ("Lwlrap", report.lwlrap),
        ("Lwlrap-5%", evaluation.lwlrap_5),
        ("Accuracy", report.accuracy),
    ];
    events.scalars(step, &scalars)?;
    events.sync()?;
    let mut text = format!("{heading}{}\n{}", report.lwlrap_lines(), report.table());
    for s in &evaluation.skipped {
        text += &format!("skipped {}: {}\n", s.file, s.reason);
    }
    let result = result_path(eval, step);
    Ok(atomic::write(&result, |w| w.write_all(text.as_bytes()))?)
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
