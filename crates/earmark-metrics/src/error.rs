//! What can go wrong, in words that name the place, the value and the remedy.

use std::path::PathBuf;

/// A failure while reading, aligning or judging scores.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// A file could not be opened, read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was being done: `open`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// A table's text is not what its format asks for.
    #[error("{file}, line {line}: {problem}")]
    Line {
        /// The table's name.
        file: String,
        /// Line in the file, from 1.
        line: u64,
        /// What is wrong there and what would be right.
        problem: String,
    },
    /// One cell of a table holds something else than it should.
    #[error("{file}, line {line}, column {column} (`{name}`): `{value}` {problem}")]
    Cell {
        /// The table's name.
        file: String,
        /// Line in the file, from 1.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// The column's header.
        name: String,
        /// The cell as read.
        value: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A score is NaN or infinite.
    #[error(
        "the score of {place} is {value}, not a finite number; a model that gives this has diverged or was fed broken features"
    )]
    NotFinite {
        /// Where: clip and class.
        place: String,
        /// The value.
        value: f32,
    },
    /// A score is no chance.
    #[error(
        "the score of {place} is {value}; only scores from 0 to 1 can be calibrated, such as a sigmoid's or a softmax's"
    )]
    NotAChance {
        /// Where: clip and class.
        place: String,
        /// The value.
        value: f32,
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
    /// A name stands twice where it must be unique.
    #[error("{what} `{name}` stands twice; every {what} may appear only once, so drop one of the two")]
    Duplicate {
        /// `file` or `class`.
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
        "clip `{file}` has {labels} labels, but a confusion matrix needs exactly one a clip; use the per-class table instead"
    )]
    NotSingleLabel {
        /// The first such clip.
        file: String,
        /// How many labels it has.
        labels: usize,
    },
    /// An option has a value that cannot work.
    #[error("{option} is {value}; {remedy}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The value given.
        value: String,
        /// What would be right.
        remedy: &'static str,
    },
}

/// `a, b, c and 4 more`: enough to recognise the problem without filling a screen.
pub(crate) fn shorten(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// Refuses a name that stands twice.
pub(crate) fn check_unique(what: &'static str, names: &[String]) -> crate::Result<()> {
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(MetricsError::Duplicate {
            what,
            name: name.clone(),
        }),
        None => Ok(()),
    }
}

/// Refuses two lengths that differ.
pub(crate) fn check_length(what: impl Into<String>, expected: usize, got: usize) -> crate::Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(MetricsError::Length {
            what: what.into(),
            expected,
            got,
        })
    }
}
