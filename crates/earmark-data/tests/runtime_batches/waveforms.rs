//! Batches of clips whose waveform is augmented.

use std::sync::atomic::AtomicBool;

use earmark_data::Item;
use earmark_data::augment::Augment;
use earmark_data::batches::{Batch, BatchConfig, BatchMaker, BatchPosition, SegmentOrder};
use earmark_data::feature_store::CachedForm;
use earmark_features::FrontEnd;
use serde_json::{Value, json};

use crate::runtime_support::{directly, recordings};
use crate::stored::{maker_of, store_of};
use crate::{START, take};

fn maker(items: &[Item], augment: Value, config: &BatchConfig, workers: usize) -> BatchMaker {
    let augment: Augment = serde_json::from_value(augment).unwrap();
    maker_of(&store_of(&FrontEnd::default(), workers), items, config, &augment)
}

#[test]
fn samples_and_features_agree_where_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 5);
    let config = BatchConfig {
        size: 5,
        order: SegmentOrder::Sequential,
        ..BatchConfig::default()
    };
    let silent_gain = json!({"waveform": [{"kind": "gain", "min-db": 0.0, "max-db": 0.0, "prob": 1.0}]});
    let augmented = take(maker(&items, silent_gain, &config, 2), START, 3);
    assert_eq!(augmented, take(maker(&items, json!({}), &config, 2), START, 3));
}

#[test]
fn a_store_caches_samples_and_counts_what_the_features_would() {
    let folder = tempfile::tempdir().unwrap();
    let mut items = recordings(folder.path(), 5);
    items[2].path = folder.path().join("gone.wav");
    let store = store_of(&FrontEnd::default(), 2);
    let prepare = |form| {
        store
            .prepare_as(form, &items, &|_, _| {}, &AtomicBool::new(false))
            .unwrap()
    };
    let (samples, features) = (prepare(CachedForm::Samples), prepare(CachedForm::Features));
    assert_eq!(samples.clips, features.clips);
    assert_eq!((samples.failed.len(), samples.failed[0].0), (1, 2));
    let kept = store.samples(&items[1], None).unwrap();
    assert_eq!((kept.channels, kept.bands), (1, 1));
    assert_eq!(
        kept.data,
        earmark_audio::read(&items[1].path, 44_100).unwrap().clip.samples
    );
    assert_eq!(
        store.features_of(&kept.data).unwrap(),
        directly(store.extractor(), &items[1])
    );
    assert_eq!(
        *store.get(&items[1], None).unwrap(),
        directly(store.extractor(), &items[1])
    );
}

#[test]
fn augmented_waveforms_are_the_same_for_any_workers_and_any_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut items = recordings(folder.path(), 7);
    items[4..]
        .iter_mut()
        .for_each(|item| item.subset = "noisy".to_owned());
    let config = BatchConfig {
        size: 4,
        ..BatchConfig::default()
    };
    let augment = json!({
        "waveform": [
            {"kind": "crop", "seconds": 1.0, "margin-seconds": 0.2}, {"kind": "gain"}, {"kind": "noise", "colour": "any"},
            {"kind": "time-stretch"}, {"kind": "pitch-shift", "prob": 0.3}, {"kind": "equalise"}, {"kind": "reverb"},
        ],
        "between-class": {"prob": 0.8},
        "time-mask": {},
    });
    let one: Vec<Batch> = take(maker(&items, augment.clone(), &config, 1), START, 3);
    assert_eq!(take(maker(&items, augment.clone(), &config, 4), START, 3), one);
    assert_eq!(
        take(
            maker(&items, augment, &config, 2),
            BatchPosition { epoch: 2, batch: 0 },
            1
        ),
        one[2..]
    );
    // One segment per clip: seven in an epoch, of which a batch of four.
    assert_eq!(one[1].position, BatchPosition { epoch: 1, batch: 0 });
    assert_eq!(one[0].shape, [4, 1, 96, 100]);
}

#[test]
fn labels_are_mixed_with_their_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let mut items = recordings(folder.path(), 8);
    for (at, item) in items.iter_mut().enumerate() {
        item.subset = ["curated", "noisy"][at % 2].to_owned();
        item.labels = vec![at % 2];
    }
    let config = BatchConfig {
        size: 4,
        ..BatchConfig::default()
    };
    let crop = json!([{"kind": "crop", "seconds": 0.5}]);
    let targets = |between: Value| -> Vec<f32> {
        let augment = json!({"waveform": crop, "between-class": between});
        let batches = take(maker(&items, augment, &config, 2), START, 12);
        batches.into_iter().flat_map(|batch| batch.y).collect()
    };
    let apart = targets(json!({}));
    assert!(
        apart
            .chunks(3)
            .all(|y| (y[0] + y[1] - 1.0).abs() < 1e-6 && y[0] * y[1] < 1e-6)
    );
    let together = targets(json!({"same-subset": false}));
    let mixed = together.chunks(3).filter(|y| y[0] > 0.0 && y[1] > 0.0).count();
    assert!(together.chunks(3).all(|y| (y[0] + y[1] - 1.0).abs() < 1e-6));
    // Of 48 segments half have a partner of the other class, or a few more.
    assert!((16..=36).contains(&mixed), "{mixed}");
}
