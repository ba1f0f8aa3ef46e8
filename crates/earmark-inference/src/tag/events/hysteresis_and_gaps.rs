//! Finds the events of a recording, window by window.

use super::{EventRule, EventScore, EventSpan, FoundEvents};
use crate::tag::windows::WindowGrid;
use std::collections::VecDeque;

/// A run of cells.
#[derive(Clone, Debug)]
struct CellRun {
    first: u64,
    /// The cell after the last one.
    end: u64,
    /// Whether any cell reached the threshold.
    reached: bool,
    tally: ScoreTally,
}

/// Maximum and sum of the scores of cells.
#[derive(Clone, Copy, Debug)]
struct ScoreTally {
    best: f32,
    sum: f64,
    cells: u64,
}

impl ScoreTally {
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

    fn score(&self, score: EventScore) -> f32 {
        match score {
            EventScore::Max => self.best,
            EventScore::Mean => (self.sum / self.cells as f64) as f32,
        }
    }
}

/// The state of one class.
#[derive(Clone, Debug)]
struct ClassTrack {
    all: ScoreTally,
    open: Option<CellRun>,
    /// An event that the next one may still be merged into.
    pending: Option<CellRun>,
}

/// Finds events in scores that come window by window.
#[derive(Clone, Debug)]
pub struct EventFinder {
    grid: WindowGrid,
    rate_hz: u32,
    rule: EventRule,
    tracks: Vec<ClassTrack>,
    /// Scores of the last windows that a cell can be in.
    rows: VecDeque<Vec<f32>>,
    windows: u64,
    found: Vec<(usize, CellRun)>,
}

impl EventFinder {
    /// At the start of a recording.
    pub fn new(grid: WindowGrid, rate_hz: u32, rule: EventRule) -> Self {
        let track = ClassTrack {
            all: ScoreTally::NONE,
            open: None,
            pending: None,
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

    /// Takes the scores of the next window, one per class.
    pub fn push(&mut self, scores: &[f32]) {
        let is_full = self.rows.len() as u64 == self.grid.depth();
        let mut row = self.rows.pop_front_if(|_| is_full).unwrap_or_default();
        row.clear();
        row.extend_from_slice(scores);
        self.rows.push_back(row);
        self.windows += 1;
        // No later window contains the centre of the cell that starts with this one.
        self.add_cell(self.windows - 1);
    }

    /// Computes the score of a cell for each class and updates events.
    fn add_cell(&mut self, cell: u64) {
        let kept_from = self.windows - self.rows.len() as u64;
        let range = self.grid.windows_of(cell, self.windows);
        let [from, to] = [range.start, range.end].map(|window| (window - kept_from) as usize);
        for class in 0..self.tracks.len() {
            let sum: f64 = self.rows.range(from..to).map(|row| f64::from(row[class])).sum();
            self.update(class, cell, (sum / (to - from) as f64) as f32);
        }
    }

    fn update(&mut self, class: usize, cell: u64, score: f32) {
        let threshold = self.rule.thresholds[class];
        let track = &mut self.tracks[class];
        track.all.add(score);
        if score >= threshold * self.rule.release {
            let run = track.open.get_or_insert(CellRun {
                first: cell,
                end: cell,
                reached: false,
                tally: ScoreTally::NONE,
            });
            run.end = cell + 1;
            run.reached |= score >= threshold;
            run.tally.add(score);
        } else {
            self.close(class);
        }
    }

    /// Ends the open run of a class.
    fn close(&mut self, class: usize) {
        let hop_seconds = self.grid.hop as f64 / f64::from(self.rate_hz);
        let track = &mut self.tracks[class];
        let Some(run) = track.open.take().filter(|run| run.reached) else {
            return;
        };
        match &mut track.pending {
            // Half a sample of tolerance for rounding.
            Some(before)
                if (run.first - before.end) as f64 * hop_seconds
                    <= self.rule.merge_seconds + 0.5 / f64::from(self.rate_hz) =>
            {
                before.end = run.end;
                before.tally.join(run.tally);
            }
            pending => self.found.extend(pending.replace(run).map(|run| (class, run))),
        }
    }

    /// Ends a recording of `samples` samples.
    pub fn finish(mut self, samples: u64) -> FoundEvents {
        for cell in self.windows..self.grid.cells(samples) {
            self.add_cell(cell);
        }
        for class in 0..self.tracks.len() {
            self.close(class);
            let last = self.tracks[class].pending.take();
            self.found.extend(last.map(|run| (class, run)));
        }
        let (event_score, shortest) = (self.rule.score, self.rule.min_seconds);
        let mut spans: Vec<EventSpan> = self
            .found
            .iter()
            .map(|(class, run)| EventSpan {
                class: *class,
                start: self.grid.start(run.first),
                end: self.grid.start(run.end).min(samples),
                score: run.tally.score(event_score),
            })
            .filter(|span| (span.end - span.start) as f64 + 0.5 >= shortest * f64::from(self.rate_hz))
            .collect();
        spans.sort_by_key(|span| (span.start, span.class));
        let tracks = self.tracks.iter().filter(|_| samples > 0);
        FoundEvents {
            scores: tracks.map(|track| track.all.score(event_score)).collect(),
            spans,
        }
    }
}
