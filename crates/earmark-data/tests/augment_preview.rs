//! Contact sheets show what training sees.

mod runtime_support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_audio::Clip;
use earmark_data::augment::{Augment, preview};
use earmark_data::batches::{BatchConfig, Position, store_maker};
use earmark_data::store::{CacheConfig, DiskCache, FeatureStore, Kept};
use earmark_features::Extractor;
use runtime_support::{extractor, recordings};
use serde_json::{Value, json};

fn read(augment: Value) -> Augment {
    serde_json::from_value(augment).unwrap()
}

#[test]
fn variants_are_the_examples_of_the_first_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 1);
    let clip = earmark_audio::read(&items[0].path, 44_100).unwrap().clip;
    for augment in [
        json!({"list": [{"kind": "random-crop"}, {"kind": "noise", "prob": 1.0}, {"kind": "flip-time"}]}),
        json!({"waveform": [{"kind": "crop", "seconds": 1.5}, {"kind": "equalise", "prob": 1.0}], "time-mask": {}}),
    ] {
        let augment = read(augment);
        let config = CacheConfig {
            workers: 1,
            disk: DiskCache::Off,
            ..CacheConfig::default()
        };
        let store = Arc::new(FeatureStore::new(extractor(), &config).unwrap());
        let kept = if augment.hears_samples() {
            Kept::Samples
        } else {
            Kept::Base
        };
        let prepared = store
            .prepare_as(kept, &items, &|_, _| {}, &AtomicBool::new(false))
            .unwrap();
        let config = BatchConfig {
            size: 1,
            ..BatchConfig::default()
        };
        let maker = store_maker(
            &config,
            store,
            items.as_slice().into(),
            &prepared,
            3,
            21,
            &augment,
        )
        .unwrap();
        let seen = preview(&augment, &extractor(), &clip, None, 3, 21).unwrap();
        // One clip, one example: the first place is all that the epoch has.
        let batch = maker.batch(Position::default()).unwrap();
        assert_eq!(seen.variants[0].features.data, batch.x);
        assert_eq!(seen.variants.len(), 3);
        assert_ne!(seen.variants[1], seen.variants[2]);
        assert_eq!(seen.plain.frames, 100);
        assert!(!seen.variants[0].changes.is_empty());
    }
}

#[test]
fn captions_say_what_was_done() {
    let clip = Clip::new(
        (0..20_000).map(|n| ((n % 97) as f32) / 97.0 - 0.5).collect(),
        44_100,
    );
    let augment = read(json!({
        "waveform": [{"kind": "gain", "prob": 1.0, "min-db": 3.0, "max-db": 3.0}],
        "between-class": {},
        "list": [{"kind": "pad", "fill": "wrap"}, {"kind": "random-crop"}, {"kind": "flip-freq", "prob": 1.0}, {"kind": "noise", "prob": 0.0}],
    }));
    let seen = preview(&augment, &extractor(), &clip, None, 1, 0).unwrap();
    assert_eq!(
        seen.variants[0].changes,
        [
            "+3.0 dB",
            "repeated to 100 frames",
            "frames 0 to 100",
            "upside down"
        ]
    );
    let mixed = preview(&augment, &extractor(), &clip, Some(&clip), 1, 0).unwrap();
    assert!(
        mixed.variants[0].changes[1].ends_with(" % its own"),
        "{:?}",
        mixed.variants[0].changes
    );
    let nothing = preview(&Augment::default(), &extractor(), &clip, None, 2, 0).unwrap();
    assert!(
        nothing
            .variants
            .iter()
            .all(|v| v.features == nothing.plain && v.changes.is_empty())
    );
}

#[test]
fn other_rates_and_broken_samples_are_refused() {
    let extractor: Extractor = extractor();
    let refused = |clip: &Clip| preview(&Augment::default(), &extractor, clip, None, 1, 0).is_err();
    assert!(refused(&Clip::new(vec![0.0; 9_000], 16_000)));
    assert!(refused(&Clip::new(vec![f32::NAN; 9_000], 44_100)));
    // No samples are a clip of filling.
    assert!(!refused(&Clip::new(Vec::new(), 44_100)));
}
