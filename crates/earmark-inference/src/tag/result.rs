//! The results of a recording, independent of any file format.

use super::events::{EventSpan, FoundEvents};
use earmark_data::ClipRemarks;
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
    #[serde(rename = "start_seconds", alias = "onset")]
    pub onset: f64,
    /// Its end, in seconds.
    #[serde(rename = "end_seconds", alias = "offset")]
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
    /// What is missing of the recording, or contradicts its sound, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether a part of it is missing or damaged, so that these are the results of the rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
    /// Its length in samples at the model's rate, where the scores of its windows are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
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

impl TagResult {
    /// A recording, with nothing found in it yet.
    pub fn new(file: &str, seconds: f64, sample_rate_hz: u32) -> Self {
        Self {
            file: file.to_owned(),
            seconds: milliseconds(seconds),
            sample_rate_hz,
            top: Vec::new(),
            events: Vec::new(),
            note: None,
            damaged: false,
            samples: None,
        }
    }

    /// With what was remarked about the recording.
    #[must_use]
    pub fn with_remarks(mut self, remarks: Option<&ClipRemarks>) -> Self {
        self.note = remarks.map(ClipRemarks::to_string);
        self.damaged = remarks.is_some_and(|remarks| remarks.damage.is_some());
        self
    }

    /// With what was found, counted in samples at `rate_hz`; `classes` are the names of the classes. With `top`, only
    /// that many best classes and their events are kept.
    pub fn with_found(
        mut self,
        found: &FoundEvents,
        classes: &[String],
        rate_hz: u32,
        top: Option<usize>,
    ) -> Self {
        let best = top_k(&found.scores, top.unwrap_or(LISTED));
        self.top.extend(best.iter().map(|class| ClassScore {
            class: classes[*class].clone(),
            score: found.scores[*class],
        }));
        let at = |sample: u64| milliseconds((sample as f64 / f64::from(rate_hz)).min(self.seconds));
        let kept = |span: &&EventSpan| top.is_none() || best.contains(&span.class);
        let events = found.spans.iter().filter(kept).map(|span| SoundEvent {
            class: classes[span.class].clone(),
            onset: at(span.start),
            offset: at(span.end),
            score: span.score,
        });
        self.events.extend(events);
        self
    }
}

#[cfg(test)]
mod tests {
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
        let result = |top| TagResult::new("f", 2.05, 44_100).with_found(&found, &classes, 10, top);
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
