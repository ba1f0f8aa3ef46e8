//! From scores of windows to events at any threshold.

use std::collections::BTreeMap;

use super::event_set::{EventSet, TableEvent};
use crate::Result;

/// One window of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScoredWindow {
    pub start: f64,
    pub end: f64,
    /// One per class.
    pub scores: Vec<f32>,
}

/// Scores of the windows of recordings, as `tag --windows` writes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowTable {
    pub(super) classes: Vec<String>,
    pub(super) recordings: BTreeMap<String, Vec<ScoredWindow>>,
}

/// The scores of a recording, piece by piece between the times at which a window begins or ends; `None` where there is
/// no window.
struct Pieces {
    edges: Vec<f64>,
    scores: Vec<Option<Vec<f32>>>,
}

impl WindowTable {
    /// The events at each threshold. The score at a time is the mean over the windows there; an event lasts while it is
    /// at least the threshold. The end of the last window is the end of the recording.
    ///
    /// # Errors
    /// None in practice: the times have been checked.
    pub fn events_at(&self, thresholds: &[f32]) -> Result<Vec<EventSet>> {
        let mut tables = vec![EventSet::default(); thresholds.len()];
        for (file, windows) in &self.recordings {
            let pieces = Pieces::of(windows, self.classes.len());
            for (table, &threshold) in tables.iter_mut().zip(thresholds) {
                table.set_seconds(file, pieces.edges.last().copied().unwrap_or(0.0));
                for (class, name) in self.classes.iter().enumerate() {
                    for (onset, offset) in pieces.runs(class, threshold) {
                        let class = name.clone();
                        table.add(file, TableEvent { class, onset, offset }, &|| file.clone())?;
                    }
                }
            }
        }
        Ok(tables)
    }
}

impl Pieces {
    fn of(windows: &[ScoredWindow], classes: usize) -> Self {
        let mut windows: Vec<&ScoredWindow> = windows.iter().collect();
        windows.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.end.total_cmp(&b.end)));
        let mut edges: Vec<f64> = windows.iter().flat_map(|w| [w.start, w.end]).collect();
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup();
        let longest = windows.iter().map(|w| w.end - w.start).fold(0.0, f64::max);
        let score = |edge: &[f64]| -> Option<Vec<f32>> {
            let middle = f64::midpoint(edge[0], edge[1]);
            let begun = windows.partition_point(|w| w.start <= middle);
            let first = windows.partition_point(|w| w.start < middle - longest);
            let there: Vec<&&ScoredWindow> =
                windows[first..begun].iter().filter(|w| middle < w.end).collect();
            let mean = |class: usize| {
                let sum: f64 = there.iter().map(|w| f64::from(w.scores[class])).sum();
                (sum / there.len() as f64) as f32
            };
            (!there.is_empty()).then(|| (0..classes).map(mean).collect())
        };
        let scores = edges.windows(2).map(score).collect();
        Self { edges, scores }
    }

    /// From when to when the score of a class is at least the threshold.
    fn runs(&self, class: usize, threshold: f32) -> Vec<(f64, f64)> {
        let mut runs: Vec<(f64, f64)> = Vec::new();
        let mut is_open = false;
        for (edge, scores) in self.edges.windows(2).zip(&self.scores) {
            let is_active = scores.as_ref().is_some_and(|scores| scores[class] >= threshold);
            match runs.last_mut().filter(|_| is_open) {
                Some(run) if is_active => run.1 = edge[1],
                _ if is_active => runs.push((edge[0], edge[1])),
                _ => {}
            }
            is_open = is_active;
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_windows_count_by_their_mean() {
        let window = |start: f64, end: f64, score: f32| ScoredWindow {
            start,
            end,
            scores: vec![score],
        };
        // Means by half seconds: 0.25, 0.5, 0.875, 1.0, and a gap before the last window.
        let windows = vec![
            window(0.0, 1.0, 0.25),
            window(0.5, 1.5, 0.75),
            window(1.0, 2.0, 1.0),
            window(2.5, 3.0, 1.0),
        ];
        let table = WindowTable {
            classes: vec!["a".into()],
            recordings: BTreeMap::from([("x.wav".to_owned(), windows)]),
        };
        let events = |threshold: f32| -> Vec<(f64, f64)> {
            let tables = table.events_at(&[threshold]).expect("times in order");
            let recording = &tables[0].recordings()["x.wav"];
            assert_eq!(recording.seconds, Some(3.0));
            recording.events.iter().map(|e| (e.onset, e.offset)).collect()
        };
        assert_eq!(events(0.1), [(0.0, 2.0), (2.5, 3.0)]);
        assert_eq!(events(0.5), [(0.5, 2.0), (2.5, 3.0)]);
        assert_eq!(events(0.8), [(1.0, 2.0), (2.5, 3.0)]);
        assert_eq!(events(0.9), [(1.5, 2.0), (2.5, 3.0)]);
    }
}
