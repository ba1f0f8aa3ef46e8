//! JSON: one value per recording, or per window.

use super::time_and_place::TimeAndPlaceKeys;
use super::{FormatOptions, WindowLines};
use crate::tag::result::{ClassScore, TagResult, WindowScores};
use crate::tag::resume_log::TagOutcome;
use crate::time_and_place::TimeAndPlace;
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
    start_seconds: f64,
    end_seconds: f64,
    scores: Scores<'a>,
    #[serde(flatten)]
    known: Option<TimeAndPlaceKeys<'a>>,
}

/// A [`TagResult`] with when and where it was recorded, and when each event was.
#[derive(Serialize)]
struct PlacedResult<'a> {
    file: &'a str,
    seconds: f64,
    sample_rate_hz: u32,
    top: &'a [ClassScore],
    events: Vec<PlacedEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    damaged: bool,
    #[serde(flatten)]
    known: TimeAndPlaceKeys<'a>,
}

#[derive(Serialize)]
struct PlacedEvent<'a> {
    class: &'a str,
    start_seconds: f64,
    end_seconds: f64,
    score: f32,
    recorded_at: Option<String>,
}

impl<'a> PlacedResult<'a> {
    fn new(result: &'a TagResult, known: &'a TimeAndPlace) -> Self {
        let events = result.events.iter().map(|event| PlacedEvent {
            class: &event.class,
            start_seconds: event.onset,
            end_seconds: event.offset,
            score: event.score,
            recorded_at: known.at(event.onset).map(|at| at.to_string()),
        });
        Self {
            file: &result.file,
            seconds: result.seconds,
            sample_rate_hz: result.sample_rate_hz,
            top: &result.top,
            events: events.collect(),
            note: result.note.as_deref(),
            damaged: result.damaged,
            known: TimeAndPlaceKeys::new(known, 0.0),
        }
    }
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
        TagOutcome::Tagged(result) if !options.windows => match options.known_of(result) {
            Some(known) => out(&serde_json::to_vec(&PlacedResult::new(result, known))?),
            None => out(&serde_json::to_vec(result)?),
        },
        TagOutcome::Tagged(result) => windows.try_for_each(|window| {
            let window = window?;
            out(&serde_json::to_vec(&Window {
                file: &result.file,
                start_seconds: window.start,
                end_seconds: window.end,
                scores: Scores {
                    classes: options.classes,
                    window: &window,
                },
                known: options
                    .known_of(result)
                    .map(|known| TimeAndPlaceKeys::new(known, window.start)),
            })?)
        }),
    }
}
