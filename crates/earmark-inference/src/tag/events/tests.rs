//! Tests of events.

mod windows_and_events;

use super::*;
use crate::tag::windows::WindowGrid;
use proptest::prelude::*;

const RATE: u32 = 10;

fn rule(threshold: f32, release: f32, merge: f64, min: f64) -> EventRule {
    EventRule {
        thresholds: vec![threshold],
        release,
        merge_seconds: merge,
        min_seconds: min,
        score: EventScore::Max,
    }
}

fn find(grid: WindowGrid, rule: EventRule, windows: &[f32], samples: u64) -> FoundEvents {
    let mut finder = EventFinder::new(grid, RATE, rule);
    windows.iter().for_each(|score| finder.push(&[*score]));
    finder.finish(samples)
}

fn spans(found: &FoundEvents) -> Vec<(u64, u64, f32)> {
    found.spans.iter().map(|s| (s.start, s.end, s.score)).collect()
}

/// Windows without overlap: cells are windows.
const APART: WindowGrid = WindowGrid {
    window: 10,
    hop: 10,
    least: 1,
};

#[test]
fn hysteresis_keeps_one_event_one() {
    let wavering = [0.1, 0.45, 0.6, 0.45, 0.55, 0.2, 0.45, 0.1];
    let sharp = find(APART, rule(0.5, 1.0, 0.0, 0.0), &wavering, 80);
    assert_eq!(spans(&sharp), [(20, 30, 0.6), (40, 50, 0.55)]);
    // An event lasts while the score is at least 0.4; a run that never reaches 0.5 is not an event.
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
    // The length of a merged event includes the gap.
    assert_eq!(merged(1.0, 2.5), [(0, 30, 0.9)]);
    assert_eq!(merged(1.0, 1.5), [(0, 30, 0.9), (50, 65, 0.8)]);
    let mut mean = rule(0.5, 1.0, 1.0, 0.0);
    mean.score = EventScore::Mean;
    // Over the cells above the threshold: 0.9 and 0.7, without the gap between them.
    let found = find(APART, mean, &scores, 65);
    let close = |score: f32, wanted: f32| (score - wanted).abs() < 1e-6;
    assert_eq!(found.spans.len(), 2);
    assert!(found.spans.iter().all(|s| close(s.score, 0.8)), "{found:?}");
    assert!(close(found.scores[0], 3.2 / 7.0), "{found:?}");
}

#[test]
fn overlapping_windows_place_a_sound_finely() {
    // Two seconds every second; a sound in the third second alone is in windows 1 and 2.
    let grid = WindowGrid {
        window: 20,
        hop: 10,
        least: 1,
    };
    let found = find(grid, rule(0.6, 1.0, 0.0, 0.0), &[0.0, 0.9, 0.9, 0.0], 50);
    assert_eq!(spans(&found), [(20, 30, 0.9)]);
}

#[test]
fn an_empty_recording_has_no_events() {
    let found = find(APART, rule(0.0, 1.0, 0.0, 0.0), &[], 0);
    assert_eq!((found.scores.len(), found.spans.len()), (0, 0));
}

/// The same by the definition, over the whole list of cells.
fn oracle(grid: WindowGrid, rule: &EventRule, windows: &[f32], samples: u64) -> Vec<(u64, u64)> {
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
        let grid = WindowGrid { window, hop: hop.min(window), least: 1 };
        let windows: Vec<f32> = levels[..grid.count(samples) as usize].iter().map(|l| f32::from(*l) / 10.0).collect();
        let rule = rule(f32::from(threshold) / 10.0, f32::from(release) / 10.0, f64::from(merge) / 10.0, f64::from(min) / 10.0);
        let found = find(grid, rule.clone(), &windows, samples);
        let places: Vec<(u64, u64)> = found.spans.iter().map(|s| (s.start, s.end)).collect();
        prop_assert_eq!(&places, &oracle(grid, &rule, &windows, samples));
        // Events of a class are within the recording and further apart than what is merged.
        for pair in places.windows(2) {
            prop_assert!((pair[1].0 - pair[0].1) as f64 / f64::from(RATE) > rule.merge_seconds - 1e-9);
        }
        prop_assert!(places.iter().all(|(a, b)| a < b && *b <= samples));
        for span in &found.spans {
            prop_assert!(span.score >= rule.thresholds[0] && span.score <= found.scores[0]);
        }
    }
}
