//! Batches as a function of seed and position, and the thread that makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use earmark_core::random::ChaCha8Rng;
use earmark_core::threads::Workers;
use earmark_data::augment::mixing::{Mixup, Partner};
use earmark_data::batches::{
    BatchConfig, BatchMaker, BatchPosition, BatchShape, BatchStream, SegmentIndex, SegmentPlace,
};

use crate::{START, take, toy};

const POINT: BatchShape = BatchShape {
    segment: [1, 1, 1],
    classes: 1,
};

#[test]
fn batches_are_the_same_for_any_workers_and_any_start() {
    for mixup in [
        None,
        Some(Mixup::default()),
        Some(Mixup {
            partner: Partner::Epoch,
            prob: 0.5,
            ..Mixup::default()
        }),
    ] {
        for (drop_last, even) in [(true, false), (false, false), (false, true)] {
            let config = BatchConfig {
                size: 8,
                drop_last,
                even,
                mixup: mixup.clone(),
                ..BatchConfig::default()
            };
            let all = take(toy(&config, 1, 5, 0.1), START, 12);
            let per_epoch = if drop_last { 3 } else { 4 };
            for (step, batch) in all.iter().enumerate() {
                let position = BatchPosition {
                    epoch: step as u64 / per_epoch,
                    batch: step as u64 % per_epoch,
                };
                assert_eq!(batch.position, position);
                // Of 30 segments.
                let full = match (drop_last, even) {
                    (false, true) => [7, 8, 7, 8][position.batch as usize],
                    (false, false) if position.batch == 3 => 6,
                    _ => 8,
                };
                assert_eq!(batch.shape, [full, 1, 5, 6]);
                assert_eq!(
                    (batch.x.len(), batch.y.len(), batch.clips.len()),
                    (full * 30, full * 12, full)
                );
            }
            assert_eq!(take(toy(&config, 4, 5, 0.1), START, 12), all);
            for start in [1, 4, 7] {
                let maker = toy(&config, 3, 5, 0.1);
                let position = maker.position(start);
                assert_eq!(take(maker, position, 12 - start as usize), all[start as usize..]);
                // A position past the end of its epoch is in a later one.
                assert_eq!(
                    toy(&config, 2, 5, 0.1)
                        .batch(BatchPosition {
                            epoch: 0,
                            batch: start
                        })
                        .unwrap(),
                    all[start as usize]
                );
            }
            assert_ne!(take(toy(&config, 1, 6, 0.1), START, 1)[0], all[0]);
        }
    }
}

#[test]
fn an_epoch_has_every_segment_and_its_targets() {
    let config = BatchConfig {
        size: 5,
        ..BatchConfig::default()
    };
    let mut seen = vec![0; 30];
    for batch in take(toy(&config, 2, 1, 0.0), START, 6) {
        for (row, &clip) in batch.clips.iter().enumerate() {
            let x = &batch.x[row * 30..][..30];
            let y = &batch.y[row * 12..][..12];
            seen[x.iter().position(|&value| value == 1.0).unwrap()] += 1;
            assert_eq!(
                (x.iter().sum::<f32>(), y.iter().sum::<f32>(), y[clip as usize]),
                (1.0, 1.0, 1.0)
            );
        }
    }
    assert_eq!(seen, vec![1; 30]);
}

#[test]
fn a_stream_runs_ahead_by_its_prefetch_and_stops_when_dropped() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let config = BatchConfig {
        size: 2,
        prefetch: 3,
        ..BatchConfig::default()
    };
    let workers = Workers::new(2).unwrap();
    let maker = BatchMaker::new(
        &config,
        SegmentIndex::new(&[1; 10]),
        POINT,
        0,
        workers,
        move |_: SegmentPlace, _: &mut [f32], _: &mut [f32], _: &mut ChaCha8Rng| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        },
    )
    .unwrap();
    let mut stream = BatchStream::start(maker, START);
    for _ in 0..10 {
        stream.next().unwrap().unwrap();
    }
    drop(stream);
    // 10 taken, 3 ahead, one waiting for room; and after the drop none.
    let after = made.load(Ordering::SeqCst);
    assert!((20..=28).contains(&after), "{after} segments");
    assert_eq!(Arc::strong_count(&made), 1, "the thread is gone, and its maker");
}

#[test]
#[should_panic(expected = "a hook that fails")]
fn a_panic_reaches_the_receiver() {
    let workers = Workers::new(2).unwrap();
    let config = BatchConfig {
        size: 2,
        ..BatchConfig::default()
    };
    let make =
        |_: SegmentPlace, _: &mut [f32], _: &mut [f32], _: &mut ChaCha8Rng| panic!("a hook that fails");
    let maker = BatchMaker::new(&config, SegmentIndex::new(&[4]), POINT, 0, workers, make).unwrap();
    let _ = BatchStream::start(maker, START).next();
}
