//! JSON: a value for a recording, or one for each of its windows.

use super::{Shape, Windows};
use crate::tag::result::WindowScores;
use crate::tag::resume_log::Outcome;
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

/// An object with a class a key, in the order of the scores.
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

/// Hands out the JSON values of a recording.
pub(super) fn values(
    shape: &Shape,
    outcome: &Outcome,
    windows: &mut Windows,
    mut out: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    match outcome {
        Outcome::Failed { file, reason } => out(&serde_json::to_vec(&Failed { file, error: reason })?),
        Outcome::Tagged(heard) if !shape.windows => out(&serde_json::to_vec(heard)?),
        Outcome::Tagged(heard) => windows.try_for_each(|window| {
            let window = window?;
            out(&serde_json::to_vec(&Window {
                file: &heard.file,
                start: window.start,
                end: window.end,
                scores: Scores {
                    classes: shape.classes,
                    window: &window,
                },
            })?)
        }),
    }
}
