//! What is said of a recording, independent of any file format.

use super::events::Found;
use earmark_metrics::top_k;
use serde::{Deserialize, Serialize};

/// A class and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// Name of the class.
    pub class: String,
    /// Its score.
    pub score: f32,
}

/// A class that is heard from `onset` to `offset`, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoundEvent {
    /// Name of the class.
    pub class: String,
    /// Where it begins, in seconds.
    pub onset: f64,
    /// Where it ends.
    pub offset: f64,
    /// Its score.
    pub score: f32,
}

/// What was heard in one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagResult {
    /// Name of the file.
    pub file: String,
    /// Length of the recording.
    pub seconds: f64,
    /// Rate of the file.
    pub sample_rate_hz: u32,
    /// The best classes of the whole recording, best first; none of one without samples.
    pub top: Vec<ClassScore>,
    /// Events by their onset.
    pub events: Vec<SoundEvent>,
}

/// The scores of one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowScores {
    /// Where it begins, in seconds.
    pub start: f64,
    /// Where it ends; the last one ends with the recording.
    pub end: f64,
    /// The classes by number, best first, where only some of them are kept; else all that are listened for, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Vec<usize>>,
    /// A score for each of them.
    pub scores: Vec<f32>,
}

impl WindowScores {
    /// The scores of a window, all or the `top` best.
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

/// Seconds as every format has them: a thousandth is finer than any hop.
pub fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// Classes listed for a recording where nothing else is asked for.
pub const LISTED: usize = 5;

impl TagResult {
    /// What was found in a file, its `classes` by name. `top` classes are told of, events of others too unless it is given.
    pub fn new(
        file: &str,
        seconds: f64,
        sample_rate_hz: u32,
        rate_hz: u32,
        classes: &[String],
        found: &Found,
        top: Option<usize>,
    ) -> Self {
        let best = top_k(&found.scores, top.unwrap_or(LISTED));
        let at = |sample: u64| milliseconds((sample as f64 / f64::from(rate_hz)).min(seconds));
        Self {
            file: file.to_owned(),
            seconds: milliseconds(seconds),
            sample_rate_hz,
            top: best
                .iter()
                .map(|class| ClassScore {
                    class: classes[*class].clone(),
                    score: found.scores[*class],
                })
                .collect(),
            events: found
                .spans
                .iter()
                .filter(|span| top.is_none() || best.contains(&span.class))
                .map(|span| SoundEvent {
                    class: classes[span.class].clone(),
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
    use super::super::events::Span;
    use super::*;

    #[test]
    fn the_best_are_told_and_events_of_them() {
        let classes: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        let span = |class| Span {
            class,
            start: 8,
            end: 21,
            score: 0.5,
        };
        let found = Found {
            scores: vec![0.2, 0.9, 0.5],
            spans: vec![span(0), span(1), span(2)],
        };
        let heard = |top| TagResult::new("f", 2.05, 44_100, 10, &classes, &found, top);
        let all = heard(None);
        assert_eq!(
            all.top.iter().map(|t| t.class.as_str()).collect::<Vec<_>>(),
            ["b", "c", "a"]
        );
        assert_eq!(all.events.len(), 3);
        // A recording may end between two samples of the model's rate.
        assert_eq!((all.events[0].onset, all.events[0].offset), (0.8, 2.05));
        let two = heard(Some(2));
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
