//! Epochs drawn from subsets and classes.

use std::path::PathBuf;

use earmark_core::Check;
use earmark_core::random::ChaCha8Rng;
use earmark_core::threads::Workers;
use earmark_data::Item;
use earmark_data::augment::Augment;
use earmark_data::augment::mixing::Mix;
use earmark_data::batches::{
    BatchConfig, BatchMaker, BatchPosition, BatchShape, DrawMode, SampleSource, Sampler, Sampling,
    SegmentIndex, SegmentOrder, SegmentPlace, TrainingClips,
};
use earmark_features::FrontEnd;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::runtime_support::{item, recordings};
use crate::stored::store_of;
use crate::{START, take};

/// 40 curated clips, 10 corrected ones, 200 noisy ones. Classes 0, 1 and 2 are 6, 3 and 1 in 10 of them; every fifth has class 3 too.
fn items() -> Vec<Item> {
    let subsets = [("curated", 40), ("noisy-corrected", 10), ("noisy", 200)];
    let named = subsets
        .iter()
        .flat_map(|(part, count)| (0..*count).map(move |at| (*part, at)));
    named
        .map(|(part, at)| {
            let class = [0, 0, 1, 0, 2, 0, 1, 0, 1, 0][at % 10];
            let labels: &[usize] = if at % 5 == 0 { &[class, 3] } else { &[class] };
            let mut item = item(PathBuf::from(format!("{part}{at}.wav")), at + 2, labels);
            item.subset = part.to_owned();
            item
        })
        .collect()
}

fn sample(items: usize, class_balance: f64, draw: DrawMode) -> Sampling {
    let source = |subset: &str, weight| SampleSource {
        subset: subset.to_owned(),
        weight,
    };
    Sampling {
        items,
        sources: vec![
            source("noisy", 0.01),
            source("noisy-corrected", 0.42),
            source("curated", 0.57),
        ],
        class_balance,
        draw,
    }
}

fn draws(sample: &Sampling, seed: u64, epoch: u64) -> Vec<u32> {
    let items = items();
    let counts = vec![3; items.len()];
    let index = SegmentIndex::new(&counts).with_sampler(Some(Sampler::new(sample, &items, &counts).unwrap()));
    assert_eq!(index.epoch_len(), sample.items);
    let order = index.epoch_order(SegmentOrder::Permutation, seed, epoch);
    assert!(order.iter().all(|place| place.segment < 3));
    order.iter().map(|place| place.clip).collect()
}

#[test]
fn subsets_come_as_often_as_they_should() {
    const N: usize = 40_000;
    let items = items();
    for draw in [DrawMode::Independent, DrawMode::InTurn] {
        let clips = draws(&sample(N, 0.0, draw), 5, 0);
        for (part, share) in [("noisy", 0.01), ("noisy-corrected", 0.42), ("curated", 0.57)] {
            let got = clips
                .iter()
                .filter(|&&clip| items[clip as usize].subset == part)
                .count() as f64;
            let deviation = (N as f64 * share * (1.0 - share)).sqrt();
            assert!((got - N as f64 * share).abs() < 4.0 * deviation, "{part}: {got}");
        }
        // Within a subset all clips alike: exactly so when they come in turn.
        let mut counts = vec![0u32; items.len()];
        clips.iter().for_each(|&clip| counts[clip as usize] += 1);
        let (most, least) = (
            counts[..40].iter().max().unwrap(),
            counts[..40].iter().min().unwrap(),
        );
        match draw {
            DrawMode::InTurn => assert!(most - least <= 1),
            // 570 each, standard deviation 24.
            DrawMode::Independent => {
                assert!(counts[..40].iter().all(|n| n.abs_diff(570) < 100) && most - least > 1)
            }
        }
    }
}

#[test]
fn classes_can_be_balanced() {
    const N: usize = 40_000;
    let items = items();
    let labelled = |balance: f64| {
        let only = Sampling {
            sources: Vec::new(),
            ..sample(N, balance, DrawMode::Independent)
        };
        let mut per_class = [0.0; 4];
        for clip in draws(&only, 5, 1) {
            let labels = &items[clip as usize].labels;
            labels
                .iter()
                .for_each(|&label| per_class[label] += 1.0 / N as f64);
        }
        per_class
    };
    // As they are: 0.6, 0.3, 0.1, and every fifth with class 3.
    let plain = labelled(0.0);
    let even = labelled(1.0);
    // Each class a quarter. All clips of class 3 are of class 0 too, and a third of those of class 0 are of class 3.
    let expected = [0.25 + 0.25, 0.25, 0.25, 0.25 + 0.25 / 3.0];
    for (got, want) in plain
        .iter()
        .zip([0.6, 0.3, 0.1, 0.2])
        .chain(even.iter().zip(expected))
    {
        assert!((got - want).abs() < 0.01, "{plain:?} {even:?}");
    }
    // Half way: weights are square roots of the clip counts 150, 75, 25 and 50.
    let roots = [150f64, 75.0, 25.0, 50.0].map(f64::sqrt);
    let sum: f64 = roots.iter().sum();
    let half = labelled(0.5);
    assert!(
        (half[1] - roots[1] / sum).abs() < 0.01 && (half[2] - roots[2] / sum).abs() < 0.01,
        "{half:?}"
    );
}

proptest! {
    #[test]
    fn epochs_are_functions_of_seed_and_number(seed: u64, epoch in 0u64..100, balance in 0.0..=1.0f64, in_turn: bool) {
        let draw = if in_turn { DrawMode::InTurn } else { DrawMode::Independent };
        let sample = sample(64, balance, draw);
        let drawn = draws(&sample, seed, epoch);
        prop_assert_eq!(&drawn, &draws(&sample, seed, epoch));
        prop_assert_ne!(drawn, draws(&sample, seed, epoch + 1));
    }
}

#[test]
fn drawn_batches_are_the_same_for_any_workers_and_any_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut items = recordings(folder.path(), 8);
    items[5..]
        .iter_mut()
        .for_each(|item| item.subset = "noisy".to_owned());
    // A clip that cannot be read is never drawn.
    items[1].path = folder.path().join("gone.wav");
    let config = BatchConfig {
        size: 4,
        mix: Some(Mix::default()),
        sample: Some(Sampling {
            items: 14,
            sources: vec![
                SampleSource {
                    subset: "curated".into(),
                    weight: 2.0,
                },
                SampleSource {
                    subset: "noisy".into(),
                    weight: 1.0,
                },
            ],
            class_balance: 0.5,
            draw: DrawMode::InTurn,
        }),
        ..BatchConfig::default()
    };
    let augment: Augment = serde_json::from_value(serde_json::json!({"list": [
        {"kind": "pad", "fill": "wrap", "place": "random"}, {"kind": "random-crop"}, {"kind": "noise"},
        {"kind": "with-prob", "prob": 0.5, "step": {"kind": "resized-crop"}},
    ]}))
    .unwrap();
    let maker = |workers| {
        let store = store_of(&FrontEnd::default(), workers);
        let prepared = store
            .prepare(&items, &|_, _| {}, &AtomicBool::new(false))
            .unwrap();
        let clips = TrainingClips {
            store: Arc::clone(&store),
            items: items.as_slice().into(),
            prepared: &prepared,
            classes: 3,
            augment: &augment,
            soft_targets: None,
        };
        clips.batches(&config, 11).unwrap()
    };
    let one = take(maker(1), START, 9);
    // Three full batches in an epoch of 14.
    assert_eq!(one[3].position, BatchPosition { epoch: 1, batch: 0 });
    assert_eq!(take(maker(4), START, 9), one);
    assert_eq!(take(maker(3), BatchPosition { epoch: 1, batch: 1 }, 5), one[4..]);
    assert!(one.iter().all(|batch| !batch.clips.contains(&1)));
    assert_ne!(one[0].x, one[3].x);
}

#[test]
fn samples_that_cannot_work_are_named() {
    let items = items();
    let counts = vec![1; items.len()];
    let refused = |sample: &Sampling| Sampler::new(sample, &items, &counts).unwrap_err().to_string();
    let mut wrong = sample(10, 0.0, DrawMode::Independent);
    wrong.sources[1].subset = "test".into();
    assert_eq!(
        refused(&wrong),
        "batches.sample.sources[1].subset = \"test\": has no clip to draw; the training subsets are curated, noisy, noisy-corrected"
    );
    wrong.sources[1].subset = "noisy".into();
    assert_eq!(
        refused(&wrong),
        "batches.sample.sources[1].subset = \"noisy\": is listed twice; add the weights up"
    );
    assert_eq!(
        refused(&sample(0, 0.0, DrawMode::Independent)),
        "batches.sample.items = 0: must be between 1 and 67108864"
    );
    assert!(
        refused(&sample(1, 1.5, DrawMode::Independent)).starts_with("batches.sample.class-balance = 1.5")
    );
    let config = BatchConfig {
        order: SegmentOrder::Sequential,
        sample: Some(sample(10, 0.0, DrawMode::Independent)),
        ..BatchConfig::default()
    };
    assert!(config.check().unwrap_err().to_string().contains("order"));
    let unmatched = BatchConfig {
        order: SegmentOrder::Permutation,
        ..config
    };
    let workers = Workers::new(1).unwrap();
    let index = SegmentIndex::new(&counts);
    let nothing = |_: SegmentPlace, _: &mut [f32], _: &mut [f32], _: &mut ChaCha8Rng| Ok(());
    const POINT: BatchShape = BatchShape {
        segment: [1, 1, 1],
        classes: 1,
    };
    let maker = BatchMaker::new(&unmatched, index, POINT, 0, workers, nothing);
    assert!(
        maker
            .unwrap_err()
            .to_string()
            .starts_with("batches.sample = true")
    );
}
