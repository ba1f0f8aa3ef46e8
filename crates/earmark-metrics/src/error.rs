//! What can go wrong. Every message names the place, the value and the remedy.

use std::path::PathBuf;

use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;

/// A failure while reading, aligning or evaluating scores.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// A file could not be opened or read.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// `open` or `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A line or a cell breaks the format of a table.
    #[error("{place}: {problem}")]
    Table {
        /// The table's name, and the line and column in it, from 1.
        place: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A score is NaN or infinite, or not a probability where it must be one.
    #[error("the score of {place} is {value}{problem}")]
    Score {
        /// Clip and class.
        place: String,
        /// The value.
        value: f32,
        /// What is wrong, with a leading separator.
        problem: &'static str,
    },
    /// Two lengths that must agree do not.
    #[error("{what}: expected {expected} values, got {got}")]
    Length {
        /// What was counted.
        what: String,
        /// What it should have been.
        expected: usize,
        /// What it was.
        got: usize,
    },
    /// A name appears twice where it must be unique.
    #[error("{what} `{name}` appears twice; every {what} may appear only once, so drop one of the two")]
    Duplicate {
        /// `file`, `class`, `label` or `column`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Scores and truth, or the tables of a blend, do not cover the same things.
    #[error("{context}: {missing}{hint}")]
    Missing {
        /// Which table lacks what.
        context: String,
        /// The missing names, shortened to the first few.
        missing: String,
        /// The remedy, with a leading separator.
        hint: String,
    },
    /// A metric of single-label data was asked of multi-label data.
    #[error(
        "clip `{file}` has {labels} labels, but a confusion matrix needs exactly one per clip; use the per-class table instead"
    )]
    NotSingleLabel {
        /// The first such clip.
        file: String,
        /// How many labels it has.
        labels: usize,
    },
    /// An option has a value that cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Refuses two lengths that differ.
pub(crate) fn check_length(what: impl Into<String>, expected: usize, got: usize) -> crate::Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(MetricsError::Length {
        what: what.into(),
        expected,
        got,
    })
}

/// Refuses the first score that is NaN or infinite; `place` says where the score of an index is.
pub(crate) fn check_finite(scores: &[f32], place: impl Fn(usize) -> String) -> crate::Result<()> {
    let problem = ", not a finite number; the model has diverged or was given broken features";
    check_scores(scores, f32::is_finite, place, problem)
}

/// Refuses the first score that is not in 0 to 1; `place` says where the score of an index is.
pub(crate) fn check_probabilities(scores: &[f32], place: impl Fn(usize) -> String) -> crate::Result<()> {
    let problem = "; only scores from 0 to 1, such as those of a sigmoid or softmax, can be calibrated";
    check_scores(scores, |score| (0.0..=1.0).contains(&score), place, problem)
}

fn check_scores(
    scores: &[f32],
    is_good: fn(f32) -> bool,
    place: impl Fn(usize) -> String,
    problem: &'static str,
) -> crate::Result<()> {
    match scores.iter().position(|score| !is_good(*score)) {
        Some(index) => Err(MetricsError::Score {
            place: place(index),
            value: scores[index],
            problem,
        }),
        None => Ok(()),
    }
}
