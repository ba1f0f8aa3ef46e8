//! What orders an epoch can have.

use std::collections::HashMap;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_data::batches::{SegmentIndex, SegmentOrder};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_order_has_every_segment_once(counts in prop::collection::vec(0u32..9, 0..20), seed: u64, window in 1usize..40) {
        let index = SegmentIndex::new(&counts);
        let sequential = index.epoch_order(SegmentOrder::Sequential, seed, 0);
        prop_assert_eq!(sequential.len(), index.len());
        prop_assert!(sequential.is_sorted());
        for order in [SegmentOrder::Permutation, SegmentOrder::Windowed { window_segments: window }] {
            let mut places = index.epoch_order(order, seed, 3);
            prop_assert_eq!(&places, &index.epoch_order(order, seed, 3));
            places.sort_unstable();
            prop_assert_eq!(&places, &sequential);
        }
    }
}

#[test]
fn epochs_and_seeds_differ() {
    let index = SegmentIndex::new(&[5; 40]);
    let order = |seed, epoch| index.epoch_order(SegmentOrder::Permutation, seed, epoch);
    assert_ne!(order(1, 0), order(1, 1));
    assert_ne!(order(1, 0), order(2, 0));
}

/// TensorFlow's shuffle, word for word: a buffer of `window`, a random element out, the next one in.
fn buffer_shuffle(input: &[u32], window: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut rest = input.iter().copied();
    let mut buffer: Vec<u32> = rest.by_ref().take(window).collect();
    let mut out = Vec::new();
    while !buffer.is_empty() {
        let slot = random::below(rng, buffer.len());
        match rest.next() {
            Some(next) => out.push(std::mem::replace(&mut buffer[slot], next)),
            None => out.push(buffer.remove(slot)),
        }
    }
    out
}

#[test]
fn the_window_shuffles_as_a_buffer_does() {
    // One clip of 5 segments, so that only the buffer shuffles.
    let index = SegmentIndex::new(&[5]);
    let order = SegmentOrder::Windowed { window_segments: 3 };
    const N: u64 = 60_000;
    let (mut ours, mut buffer) = (HashMap::new(), HashMap::new());
    for epoch in 0..N {
        let drawn: Vec<u32> = index
            .epoch_order(order, 1, epoch)
            .iter()
            .map(|place| place.segment)
            .collect();
        *ours.entry(drawn).or_insert(0i64) += 1;
        let drawn = buffer_shuffle(&[0, 1, 2, 3, 4], 3, &mut random::stream(2, &[epoch]));
        *buffer.entry(drawn).or_insert(0i64) += 1;
    }
    // 3 * 3 * 3 * 2 orders are possible, each with a share of 1 / 54: about 1111 times, standard deviation 33.
    assert_eq!((ours.len(), buffer.len()), (54, 54));
    for (order, count) in &ours {
        assert!(
            (count - buffer[order]).abs() < 240,
            "{order:?}: {count} and {}",
            buffer[order]
        );
        assert!((count - 1111).abs() < 160, "{order:?}: {count}");
    }
}

#[test]
fn the_window_shuffles_clips_first_and_segments_near() {
    let index = SegmentIndex::new(&[10; 50]);
    let places = index.epoch_order(SegmentOrder::Windowed { window_segments: 20 }, 7, 0);
    let mut clips: Vec<u32> = Vec::new();
    for place in &places {
        if !clips.contains(&place.clip) {
            clips.push(place.clip);
        }
    }
    assert!(!clips.is_sorted());
    // A segment comes at most a window earlier than its place in the order of the clips.
    let distance = |at: usize, other: usize| places[other].clip == places[at].clip;
    let first: Vec<usize> = (0..500)
        .filter(|&at| !(0..at).any(|other| distance(at, other)))
        .collect();
    assert_eq!(first.len(), 50);
    for (turn, &at) in first.iter().enumerate() {
        assert!(at + 20 > turn * 10, "clip {turn} in the order starts at {at}");
    }
}
