//! From scores of windows to events: what is heard, from when to when.
//!
//! The scores of windows become scores of cells ([`Grid`]). An event of a class is a run of cells that reach its release level
//! (threshold times [`Rule::release`]), at least one of which reaches the threshold itself: hysteresis, so that a score that
//! wavers about the threshold gives one event and not many. Events of a class that lie no further apart than
//! [`Rule::merge_seconds`] are one; then those shorter than [`Rule::min_seconds`] are dropped.
//!
//! All of it is done window by window: what is kept is a few numbers a class and the events found.

use super::windows::Grid;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What an event's score (and a recording's, for a class) is made of, over its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Summary {
    /// The best cell: a short sound in a long recording counts in full.
    #[default]
    Max,
    /// The mean over all cells (of an event: over those that belong to it, not over gaps that were closed).
    Mean,
}

/// When a class is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Score from which on a class is heard, one a class.
    pub thresholds: Vec<f32>,
    /// Share of its threshold, 0 to 1, above which an event goes on.
    pub release: f32,
    /// Longest gap between events that are one.
    pub merge_seconds: f64,
    /// Shortest event that is told.
    pub min_seconds: f64,
    /// Score of an event.
    pub summary: Summary,
}

/// An event, with its class by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The class.
    pub class: usize,
    /// First sample.
    pub start: u64,
    /// Sample after the last one.
    pub end: u64,
    /// Its score.
    pub score: f32,
}

/// What a whole recording gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Score of each class over the recording; empty for one without samples.
    pub scores: Vec<f32>,
    /// Events by their start, at the same start in the order of the classes.
    pub spans: Vec<Span>,
}

/// A run of cells.
#[derive(Clone, Debug)]
struct Run {
    first: u64,
    /// The cell after the last one.
    end: u64,
    /// Whether any cell reached the threshold.
    reached: bool,
    tally: Tally,
}

/// Best and sum of some cells' scores.
#[derive(Clone, Copy, Debug)]
struct Tally {
    best: f32,
    sum: f64,
    cells: u64,
}

impl Tally {
    const NONE: Self = Self {
        best: f32::NEG_INFINITY,
        sum: 0.0,
        cells: 0,
    };

    fn add(&mut self, score: f32) {
        self.best = self.best.max(score);
        self.sum += f64::from(score);
        self.cells += 1;
    }

    fn join(&mut self, other: Self) {
        self.best = self.best.max(other.best);
        self.sum += other.sum;
        self.cells += other.cells;
    }

    fn score(&self, summary: Summary) -> f32 {
        match summary {
            Summary::Max => self.best,
            Summary::Mean => (self.sum / self.cells as f64) as f32,
        }
    }
}

/// What is known of one class.
#[derive(Clone, Debug)]
struct Track {
    all: Tally,
    open: Option<Run>,
    /// An event that the next one may still be joined to.
    waiting: Option<Run>,
}

/// Hears scores window by window and finds events.
#[derive(Clone, Debug)]
pub struct EventFinder {
    grid: Grid,
    rate_hz: u32,
    rule: Rule,
    tracks: Vec<Track>,
    /// Scores of the last windows, as many as a cell has at most.
    rows: VecDeque<Vec<f32>>,
    windows: u64,
    found: Vec<(usize, Run)>,
}

impl EventFinder {
    /// For a recording that has not begun.
    pub fn new(grid: Grid, rate_hz: u32, rule: Rule) -> Self {
        let track = Track {
            all: Tally::NONE,
            open: None,
            waiting: None,
        };
        Self {
            grid,
            rate_hz,
            tracks: vec![track; rule.thresholds.len()],
            rule,
            rows: VecDeque::new(),
            windows: 0,
            found: Vec::new(),
        }
    }

    /// Takes the scores of the next window, one a class.
    pub fn push(&mut self, scores: &[f32]) {
        if self.rows.len() as u64 == self.grid.depth() {
            let mut oldest = self.rows.pop_front().unwrap_or_default();
            oldest.copy_from_slice(scores);
            self.rows.push_back(oldest);
        } else {
            self.rows.push_back(scores.to_vec());
        }
        self.windows += 1;
        // No later window contains the centre of the cell that begins with this one.
        self.cell(self.windows - 1);
    }

    /// The score of a cell of each class, and what follows from it.
    fn cell(&mut self, cell: u64) {
        let kept_from = self.windows - self.rows.len() as u64;
        let range = self.grid.windows_of(cell, self.windows);
        let (from, to) = (
            (range.start - kept_from) as usize,
            (range.end - kept_from) as usize,
        );
        for class in 0..self.tracks.len() {
            let sum: f64 = self.rows.range(from..to).map(|row| f64::from(row[class])).sum();
            self.hear(class, cell, (sum / (to - from) as f64) as f32);
        }
    }

    fn hear(&mut self, class: usize, cell: u64, score: f32) {
        let threshold = self.rule.thresholds[class];
        let track = &mut self.tracks[class];
        track.all.add(score);
        if score >= threshold * self.rule.release {
            let run = track.open.get_or_insert(Run {
                first: cell,
                end: cell,
                reached: false,
                tally: Tally::NONE,
            });
            run.end = cell + 1;
            run.reached |= score >= threshold;
            run.tally.add(score);
        } else {
            self.close(class);
        }
    }

    /// Ends the run of a class that is open.
    fn close(&mut self, class: usize) {
        let hop_seconds = self.grid.hop as f64 / f64::from(self.rate_hz);
        let track = &mut self.tracks[class];
        let Some(run) = track.open.take().filter(|run| run.reached) else {
            return;
        };
        match &mut track.waiting {
            // Half a sample is less than any gap that is meant.
            Some(before)
                if (run.first - before.end) as f64 * hop_seconds
                    <= self.rule.merge_seconds + 0.5 / f64::from(self.rate_hz) =>
            {
                before.end = run.end;
                before.tally.join(run.tally);
            }
            waiting => self.found.extend(waiting.replace(run).map(|run| (class, run))),
        }
    }

    /// Ends a recording of so many samples.
    pub fn finish(mut self, samples: u64) -> Found {
        for cell in self.windows..self.grid.cells(samples) {
            self.cell(cell);
        }
        for class in 0..self.tracks.len() {
            self.close(class);
            let last = self.tracks[class].waiting.take();
            self.found.extend(last.map(|run| (class, run)));
        }
        let (summary, shortest) = (self.rule.summary, self.rule.min_seconds);
        let mut spans: Vec<Span> = self
            .found
            .iter()
            .map(|(class, run)| Span {
                class: *class,
                start: self.grid.start(run.first),
                end: self.grid.start(run.end).min(samples),
                score: run.tally.score(summary),
            })
            .filter(|span| (span.end - span.start) as f64 + 0.5 >= shortest * f64::from(self.rate_hz))
            .collect();
        spans.sort_by_key(|span| (span.start, span.class));
        let heard = |track: &Track| track.all.score(summary);
        Found {
            scores: match samples {
                0 => Vec::new(),
                _ => self.tracks.iter().map(heard).collect(),
            },
            spans,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: u32 = 10;

    fn rule(threshold: f32, release: f32, merge: f64, min: f64) -> Rule {
        Rule {
            thresholds: vec![threshold],
            release,
            merge_seconds: merge,
            min_seconds: min,
            summary: Summary::Max,
        }
    }

    fn find(grid: Grid, rule: Rule, windows: &[f32], samples: u64) -> Found {
        let mut finder = EventFinder::new(grid, RATE, rule);
        windows.iter().for_each(|score| finder.push(&[*score]));
        finder.finish(samples)
    }

    fn spans(found: &Found) -> Vec<(u64, u64, f32)> {
        found.spans.iter().map(|s| (s.start, s.end, s.score)).collect()
    }

    /// Windows without overlap: cells are windows.
    const APART: Grid = Grid {
        window: 10,
        hop: 10,
        least: 1,
    };

    #[test]
    fn hysteresis_keeps_one_event_one() {
        let wavering = [0.1, 0.45, 0.6, 0.45, 0.55, 0.2, 0.45, 0.1];
        let sharp = find(APART, rule(0.5, 1.0, 0.0, 0.0), &wavering, 80);
        assert_eq!(spans(&sharp), [(20, 30, 0.6), (40, 50, 0.55)]);
        // From 0.4 on an event goes on; what never reaches 0.5 is none.
        let soft = find(APART, rule(0.5, 0.8, 0.0, 0.0), &wavering, 80);
        assert_eq!(spans(&soft), [(10, 50, 0.6)]);
        assert_eq!(soft.scores, [0.6]);
    }

    #[test]
    fn gaps_are_closed_and_short_events_dropped() {
        let scores = [0.9, 0.0, 0.7, 0.0, 0.0, 0.8, 0.8];
        let merged = |gap, min| spans(&find(APART, rule(0.5, 1.0, gap, min), &scores, 65));
        assert_eq!(merged(0.9, 0.0), [(0, 10, 0.9), (20, 30, 0.7), (50, 65, 0.8)]);
        assert_eq!(merged(1.0, 0.0), [(0, 30, 0.9), (50, 65, 0.8)]);
        assert_eq!(merged(2.0, 0.0), [(0, 65, 0.9)]);
        // What was merged counts whole, gap included.
        assert_eq!(merged(1.0, 2.5), [(0, 30, 0.9)]);
        assert_eq!(merged(1.0, 1.5), [(0, 30, 0.9), (50, 65, 0.8)]);
        let mut mean = rule(0.5, 1.0, 1.0, 0.0);
        mean.summary = Summary::Mean;
        // Over the cells that are heard: 0.9 and 0.7, without the gap between them.
        let found = find(APART, mean, &scores, 65);
        let close = |score: f32, wanted: f32| (score - wanted).abs() < 1e-6;
        assert_eq!(found.spans.len(), 2);
        assert!(found.spans.iter().all(|s| close(s.score, 0.8)), "{found:?}");
        assert!(close(found.scores[0], 3.2 / 7.0), "{found:?}");
    }

    #[test]
    fn overlapping_windows_place_a_sound_finely() {
        // Two seconds every second; a sound in the third second alone is in windows 1 and 2.
        let grid = Grid {
            window: 20,
            hop: 10,
            least: 1,
        };
        let found = find(grid, rule(0.6, 1.0, 0.0, 0.0), &[0.0, 0.9, 0.9, 0.0], 50);
        assert_eq!(spans(&found), [(20, 30, 0.9)]);
    }

    #[test]
    fn nothing_is_heard_in_nothing() {
        let found = find(APART, rule(0.0, 1.0, 0.0, 0.0), &[], 0);
        assert_eq!((found.scores.len(), found.spans.len()), (0, 0));
    }

    /// The same by the definition, over the whole list of cells.
    fn oracle(grid: Grid, rule: &Rule, windows: &[f32], samples: u64) -> Vec<(u64, u64)> {
        let count = windows.len() as u64;
        let threshold = rule.thresholds[0];
        let cells: Vec<f32> = (0..grid.cells(samples))
            .map(|cell| {
                let of: Vec<f64> = grid
                    .windows_of(cell, count)
                    .map(|k| f64::from(windows[k as usize]))
                    .collect();
                (of.iter().sum::<f64>() / of.len() as f64) as f32
            })
            .collect();
        let mut runs: Vec<(u64, u64)> = Vec::new();
        let mut cell = 0;
        while cell < cells.len() {
            let end = (cell..cells.len())
                .find(|c| cells[*c] < threshold * rule.release)
                .unwrap_or(cells.len());
            if cells[cell..end].iter().any(|s| *s >= threshold) {
                runs.push((grid.start(cell as u64), grid.start(end as u64).min(samples)));
            }
            cell = end.max(cell + 1);
        }
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / f64::from(RATE);
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for run in runs {
            match merged.last_mut() {
                Some(last) if seconds(last.1, run.0) <= rule.merge_seconds + 1e-9 => last.1 = run.1,
                _ => merged.push(run),
            }
        }
        merged.retain(|(a, b)| seconds(*a, *b) >= rule.min_seconds - 1e-9);
        merged
    }

    proptest! {
        #[test]
        fn events_are_those_of_the_definition(
            samples in 0_u64..150, window in 1_usize..30, hop in 1_usize..30, levels in proptest::collection::vec(0_u8..10, 150),
            threshold in 1_u8..10, release in 0_u8..=10, merge in 0_u8..40, min in 0_u8..40,
        ) {
            let grid = Grid { window, hop: hop.min(window), least: 1 };
            let windows: Vec<f32> = levels[..grid.count(samples) as usize].iter().map(|l| f32::from(*l) / 10.0).collect();
            let rule = rule(f32::from(threshold) / 10.0, f32::from(release) / 10.0, f64::from(merge) / 10.0, f64::from(min) / 10.0);
            let found = find(grid, rule.clone(), &windows, samples);
            let places: Vec<(u64, u64)> = found.spans.iter().map(|s| (s.start, s.end)).collect();
            prop_assert_eq!(&places, &oracle(grid, &rule, &windows, samples));
            // Events of a class lie apart and inside, further from each other than what is merged.
            for pair in places.windows(2) {
                prop_assert!((pair[1].0 - pair[0].1) as f64 / f64::from(RATE) > rule.merge_seconds - 1e-9);
            }
            prop_assert!(places.iter().all(|(a, b)| a < b && *b <= samples));
            for span in &found.spans {
                prop_assert!(span.score >= rule.thresholds[0] && span.score <= found.scores[0]);
            }
        }
    }
}
