//! Previews show what training sees.

mod runtime_support;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_audio::Clip;
use earmark_data::augment::Augment;
use earmark_data::batches::{BatchConfig, BatchPosition, TrainingClips, mix_preview, preview};
use earmark_data::feature_store::{CacheConfig, CachedForm, DiskCache, FeatureStore};
use earmark_features::Extractor;
use runtime_support::{extractor, recordings};
use serde_json::{Value, json};

fn read(augment: Value) -> Augment {
    serde_json::from_value(augment).unwrap()
}

#[test]
fn variants_are_the_segments_of_the_first_epoch() {
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
        let form = if augment.needs_samples() {
            CachedForm::Samples
        } else {
            CachedForm::Features
        };
        let prepared = store
            .prepare_as(form, &items, &|_, _| {}, &AtomicBool::new(false))
            .unwrap();
        let config = BatchConfig {
            size: 1,
            ..BatchConfig::default()
        };
        let clips = TrainingClips {
            store,
            items: items.as_slice().into(),
            prepared: &prepared,
            classes: 3,
            augment: &augment,
            soft_targets: None,
        };
        let maker = clips.batches(&config, 21).unwrap();
        let seen = preview(&augment, &extractor(), &clip, &[], 3, 21).unwrap();
        // One clip, one segment: the first place is all that the epoch has.
        let batch = maker.batch(BatchPosition::default()).unwrap();
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
    let seen = preview(&augment, &extractor(), &clip, &[], 1, 0).unwrap();
    assert_eq!(
        seen.variants[0].changes,
        [
            "+3.0 dB",
            "repeated to 100 frames",
            "frames 0 to 100",
            "upside down"
        ]
    );
    let mixed = preview(&augment, &extractor(), &clip, std::slice::from_ref(&clip), 1, 0).unwrap();
    assert!(
        mixed.variants[0].changes[1].ends_with(" % its own"),
        "{:?}",
        mixed.variants[0].changes
    );
    let nothing = preview(&Augment::default(), &extractor(), &clip, &[], 2, 0).unwrap();
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
    let refused = |clip: &Clip| preview(&Augment::default(), &extractor, clip, &[], 1, 0).is_err();
    assert!(refused(&Clip::new(vec![0.0; 9_000], 16_000)));
    assert!(refused(&Clip::new(vec![f32::NAN; 9_000], 44_100)));
    // No samples are a clip of filling.
    assert!(!refused(&Clip::new(Vec::new(), 44_100)));
}

/// Mixing happens after postprocessing, and its caption says what became of the labels.
#[test]
fn partners_are_mixed_in() {
    let sound = |step: usize| {
        let samples = (0..50_000)
            .map(|n| ((n * step % 97) as f32) / 97.0 - 0.5)
            .collect();
        Clip::new(samples, 44_100)
    };
    let (clip, partner) = (sound(1), sound(13));
    let (augment, extractor) = (Augment::default(), extractor());
    let finished = |clip: &Clip| {
        let base = extractor.log_mel_of_clip(clip, &mut extractor.scratch()).unwrap();
        extractor
            .postprocess(&extractor.segment(&base, 0).unwrap())
            .unwrap()
    };
    let mixed = |batches: Value, partners: &[Clip]| {
        let batches: BatchConfig = serde_json::from_value(batches).unwrap();
        let seen = preview(&augment, &extractor, &clip, partners, 2, 5).unwrap();
        mix_preview(seen, &augment, &batches, &extractor, partners, 5).unwrap()
    };
    let half = json!({ "uniform": { "min": 0.25, "max": 0.25 } });
    let add = json!({ "mix": { "prob": 1.0, "one-of": [{ "mixer": { "kind": "add", "share": half } }] } });
    let (own, other) = (finished(&clip), finished(&partner));
    let seen = mixed(add.clone(), std::slice::from_ref(&partner));
    assert_eq!(seen.plain, own);
    for ((got, own), other) in seen.variants[0]
        .features
        .data
        .iter()
        .zip(&own.data)
        .zip(&other.data)
    {
        assert!((got - (0.75 * own + 0.25 * other)).abs() < 1e-5);
    }
    assert_eq!(
        seen.variants[0].changes,
        ["blended, 75 % its own, labels 0.75 and 0.25"]
    );
    let concat = json!({ "mix": { "prob": 1.0, "one-of": [{ "mixer": { "kind": "sigmoid-concat" } }] } });
    let seen = mixed(concat, std::slice::from_ref(&partner));
    let caption = &seen.variants[1].changes[0];
    assert!(caption.ends_with("labels 1.00 and 1.00"), "{caption}");
    // The first frame is the partner's, the last its own.
    let first = seen.variants[1].features.data[0];
    assert!((first - other.data[0]).abs() < (first - own.data[0]).abs());
    // Without partners, or a recipe that mixes, segments stay alone.
    assert_eq!(mixed(add, &[]).variants[0].features, own);
    assert_eq!(
        mixed(json!({}), std::slice::from_ref(&partner)).variants[0].features,
        own
    );
}
