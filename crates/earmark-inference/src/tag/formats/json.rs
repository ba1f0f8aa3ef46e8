//! JSON: one value per recording, or per window.

use super::{FormatOptions, WindowLines};
use crate::tag::result::WindowScores;
use crate::tag::resume_log::TagOutcome;
use serde::{Serialize, Serializer};
use std::io;

#[derive(Serialize)]
struct Failed<'a> {
    file: &'a str,
    error: &'a str,
}

#[derive(Serialize)]
struct Window<'a> {
    file: &'a str,
    start: f64,
    end: f64,
    scores: Scores<'a>,
}

/// An object with one key per class, in the order of the scores.
struct Scores<'a> {
    classes: &'a [String],
    window: &'a WindowScores,
}

impl Serialize for Scores<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.window
                .pairs()
                .map(|(class, score)| (&self.classes[class], score)),
        )
    }
}

/// Passes on the JSON values of a recording.
pub(super) fn values(
    options: &FormatOptions,
    outcome: &TagOutcome,
    windows: &mut WindowLines,
    mut out: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    match outcome {
        TagOutcome::Failed { file, reason } => out(&serde_json::to_vec(&Failed { file, error: reason })?),
        TagOutcome::Tagged(result) if !options.windows => out(&serde_json::to_vec(result)?),
        TagOutcome::Tagged(result) => windows.try_for_each(|window| {
            let window = window?;
            out(&serde_json::to_vec(&Window {
                file: &result.file,
                start: window.start,
                end: window.end,
                scores: Scores {
                    classes: options.classes,
                    window: &window,
                },
            })?)
        }),
    }
}
