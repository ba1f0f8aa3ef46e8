//! The results of a recording, independent of any file format.

use super::events::FoundEvents;
use earmark_metrics::top_k;
use serde::{Deserialize, Serialize};

/// A class and its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// Name of the class.
    pub class: String,
    /// Its score.
    pub score: f32,
}

/// A class detected from `onset` to `offset`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoundEvent {
    /// Name of the class.
    pub class: String,
    /// Its start, in seconds.
    pub onset: f64,
    /// Its end, in seconds.
    pub offset: f64,
    /// Its score.
    pub score: f32,
}

/// The results of one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagResult {
    /// Name of the file.
    pub file: String,
    /// Length of the recording.
    pub seconds: f64,
    /// Rate of the file.
    pub sample_rate_hz: u32,
    /// The best classes of the whole recording, best first; empty without samples.
    pub top: Vec<ClassScore>,
    /// Events, by onset.
    pub events: Vec<SoundEvent>,
}

/// The scores of one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowScores {
    /// Its start, in seconds.
    pub start: f64,
    /// Its end; the last window ends with the recording.
    pub end: f64,
    /// Numbers of the best classes, best first, if only some are kept; `None` for all detected classes, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Vec<usize>>,
    /// A score for each of these classes.
    pub scores: Vec<f32>,
}

impl WindowScores {
    /// The scores of a window: all, or the `top` best.
    pub fn new(start: f64, end: f64, scores: &[f32], top: Option<usize>) -> Self {
        let best = top.map(|k| top_k(scores, k));
        Self {
            start: milliseconds(start),
            end: milliseconds(end),
            scores: match &best {
                Some(best) => best.iter().map(|c| scores[*c]).collect(),
                None => scores.to_vec(),
            },
            best,
        }
    }

    /// Class numbers with their scores.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, f32)> {
        let class = |i| self.best.as_ref().map_or(i, |best| best[i]);
        self.scores.iter().enumerate().map(move |(i, s)| (class(i), *s))
    }
}

/// Seconds to milliseconds, finer than any hop.
pub fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// Classes listed per recording by default.
pub const LISTED: usize = 5;

/// The recording that a result is of.
#[derive(Clone, Copy, Debug)]
pub struct RecordingInfo<'a> {
    /// Name of the file.
    pub file: &'a str,
    /// Length.
    pub seconds: f64,
    /// Rate of the file.
    pub sample_rate_hz: u32,
}

/// What scored it.
#[derive(Clone, Copy, Debug)]
pub struct ModelClasses<'a> {
    /// Names of the classes.
    pub names: &'a [String],
    /// Rate of the samples that events are counted in.
    pub sample_rate_hz: u32,
}

impl TagResult {
    /// The result of a recording. With `top`, only that many best classes and their events are kept.
    pub fn new(
        recording: RecordingInfo,
        classes: ModelClasses,
        found: &FoundEvents,
        top: Option<usize>,
    ) -> Self {
        let (seconds, rate) = (recording.seconds, f64::from(classes.sample_rate_hz));
        let best = top_k(&found.scores, top.unwrap_or(LISTED));
        let at = |sample: u64| milliseconds((sample as f64 / rate).min(seconds));
        Self {
            file: recording.file.to_owned(),
            seconds: milliseconds(seconds),
            sample_rate_hz: recording.sample_rate_hz,
            top: best
                .iter()
                .map(|class| ClassScore {
                    class: classes.names[*class].clone(),
                    score: found.scores[*class],
                })
                .collect(),
            events: found
                .spans
                .iter()
                .filter(|span| top.is_none() || best.contains(&span.class))
                .map(|span| SoundEvent {
                    class: classes.names[span.class].clone(),
                    onset: at(span.start),
                    offset: at(span.end),
                    score: span.score,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::EventSpan;
    use super::*;

    #[test]
    fn the_best_classes_and_their_events_are_kept() {
        let classes: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let span = |class| EventSpan {
            class,
            start: 8,
            end: 21,
            score: 0.5,
        };
        let found = FoundEvents {
            scores: vec![0.2, 0.9, 0.5],
            spans: vec![span(0), span(1), span(2)],
        };
        let result = |top| {
            let recording = RecordingInfo {
                file: "f",
                seconds: 2.05,
                sample_rate_hz: 44_100,
            };
            let classes = ModelClasses {
                names: &classes,
                sample_rate_hz: 10,
            };
            TagResult::new(recording, classes, &found, top)
        };
        let all = result(None);
        assert_eq!(
            all.top.iter().map(|t| t.class.as_str()).collect::<Vec<_>>(),
            ["b", "c", "a"]
        );
        assert_eq!(all.events.len(), 3);
        // A recording can end between two samples at the model's rate.
        assert_eq!((all.events[0].onset, all.events[0].offset), (0.8, 2.05));
        let two = result(Some(2));
        assert_eq!(
            two.events.iter().map(|e| e.class.as_str()).collect::<Vec<_>>(),
            ["b", "c"]
        );
    }

    #[test]
    fn windows_keep_all_or_the_best() {
        let all = WindowScores::new(0.0, 1.000_04, &[0.1, 0.9, 0.5], None);
        assert_eq!(all.pairs().collect::<Vec<_>>(), [(0, 0.1), (1, 0.9), (2, 0.5)]);
        assert_eq!(
            serde_json::to_string(&all).unwrap(),
            r#"{"start":0.0,"end":1.0,"scores":[0.1,0.9,0.5]}"#
        );
        let best = WindowScores::new(0.0, 1.0, &[0.1, 0.9, 0.5], Some(2));
        assert_eq!(best.pairs().collect::<Vec<_>>(), [(1, 0.9), (2, 0.5)]);
    }
}
