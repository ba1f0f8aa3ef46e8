//! Events to labels of windows, as data sets have them, and windows to events, as tagging makes them.

use crate::tag::events::{EventFinder, EventRule, EventScore};
use crate::tag::windows::WindowGrid;
use earmark_audio::encode_wav_16;
use earmark_data::layout::EventOptions;
use earmark_data::{DataOptions, DataSet, LayoutKind, load};
use proptest::prelude::*;
use std::fmt::Write;

/// Samples are milliseconds.
const RATE_HZ: u32 = 1000;

/// The windows of a recording of `length` with these events, from start to end; all in milliseconds.
fn cut(length: u64, window: u64, hop: u64, events: &[(u64, u64)]) -> DataSet {
    let seconds = |milliseconds: u64| milliseconds as f64 / 1e3;
    let dir = tempfile::tempdir().unwrap();
    let silence = vec![0; length as usize];
    std::fs::write(dir.path().join("a.wav"), encode_wav_16(&silence, RATE_HZ)).unwrap();
    let mut table = "start,end,label\n".to_owned();
    for (start, end) in events {
        writeln!(table, "{},{},owl", seconds(*start), seconds(*end)).unwrap();
    }
    std::fs::write(dir.path().join("a.csv"), table).unwrap();
    let options = DataOptions {
        layout: Some(LayoutKind::Events),
        events: EventOptions {
            window_seconds: Some(seconds(window)),
            hop_seconds: Some(seconds(hop)),
            ..EventOptions::default()
        },
        ..DataOptions::default()
    };
    load(dir.path(), &options).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Events that are at least a window long, two windows apart, are found again from a hop before to a hop behind.
    #[test]
    fn they_agree_within_a_hop(
        hops in 1_u64..7,
        hop in 50_u64..400,
        spans in prop::collection::vec((0_u64..2_000, 0_u64..3_000), 1..5),
    ) {
        let window = hops * hop;
        let (mut events, mut at) = (Vec::new(), 0);
        for (gap, more) in spans {
            let start = at + 2 * window + gap;
            at = start + window + more;
            events.push((start, at));
        }
        let count = (at + window).div_ceil(hop) + 1;
        let length = window + (count - 1) * hop;
        let set = cut(length, window, hop, &events);
        let mut scores = vec![0.0; count as usize];
        for item in set.items.iter().filter(|item| !item.labels.is_empty()) {
            scores[(item.span.unwrap().start_us / (1000 * hop)) as usize] = 1.0;
        }
        let grid = WindowGrid::new(window as usize, hop as usize, RATE_HZ);
        prop_assert_eq!(grid.count(length), count);
        let rule = EventRule {
            thresholds: vec![0.5],
            release: 1.0,
            merge_seconds: 0.0,
            min_seconds: 0.0,
            score: EventScore::Max,
        };
        let mut finder = EventFinder::new(grid, RATE_HZ, rule);
        scores.iter().for_each(|score| finder.push(&[*score]));
        let found = finder.finish(length).spans;
        prop_assert_eq!(found.len(), events.len());
        for (span, (start, end)) in found.iter().zip(&events) {
            prop_assert!(
                span.start.abs_diff(*start) <= hop && span.end.abs_diff(*end) <= hop,
                "{:?} of {} to {}", span, start, end
            );
        }
    }
}
