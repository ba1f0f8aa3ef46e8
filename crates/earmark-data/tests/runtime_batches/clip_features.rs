//! Clip-level features, next to the segments.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_audio::Clip;
use earmark_data::Item;
use earmark_data::augment::mixing::{Mix, Mixup, Partner};
use earmark_data::augment::waveform::BetweenClass;
use earmark_data::batches::{BatchConfig, BatchError, BatchMaker, SegmentOrder, TrainingClips};
use earmark_data::feature_store::{CacheConfig, DiskCache, FeatureStore};
use earmark_features::{ClipFeatures, Extractor, FrontEnd, HandcraftedFeatures};

use crate::runtime_support::{item, write_wav};
use crate::{START, take};

/// Clips of 0.3 to 1.1 s at two rates, a class each.
fn clips(folder: &Path, count: usize) -> Vec<Item> {
    let clip = |index: usize| {
        let path = folder.join(format!("clip{index}.wav"));
        let rate = if index.is_multiple_of(2) { 44_100 } else { 22_050 };
        write_wav(&path, index as u64, 0.3 + 0.4 * (index % 3) as f64, rate);
        item(path, index + 2, &[index])
    };
    (0..count).map(clip).collect()
}

/// A front end at another rate than that of its clip-level features.
fn store(folder: Option<&Path>, workers: usize) -> Arc<FeatureStore> {
    let front_end = FrontEnd {
        sample_rate_hz: 16_000,
        mel: None,
        clip_features: Some(ClipFeatures::Handcrafted),
        ..FrontEnd::default()
    };
    let config = CacheConfig {
        workers,
        disk: folder.map_or(DiskCache::Off, |folder| DiskCache::Dir(folder.into())),
        ..CacheConfig::default()
    };
    Arc::new(FeatureStore::new(Extractor::new(&front_end).unwrap(), &config).unwrap())
}

/// The handcrafted features, without a store.
fn directly(item: &Item) -> Vec<f32> {
    let clip: Clip = earmark_audio::read(&item.path, HandcraftedFeatures::SAMPLE_RATE_HZ)
        .unwrap()
        .clip;
    HandcraftedFeatures::new().of(&clip).unwrap()
}

fn maker(
    store: &Arc<FeatureStore>,
    items: &[Item],
    config: &BatchConfig,
    between_class: Option<BetweenClass>,
) -> Result<BatchMaker, BatchError> {
    let prepared = store.prepare(items, &|_, _| {}, &AtomicBool::new(false)).unwrap();
    assert!(prepared.failed.is_empty());
    let augment = earmark_data::augment::Augment {
        between_class,
        ..Default::default()
    };
    let clips = TrainingClips {
        store: Arc::clone(store),
        items: items.into(),
        prepared: &prepared,
        classes: items.len(),
        augment: &augment,
        soft_targets: None,
    };
    clips.batches(config, 5)
}

#[test]
fn a_store_brings_them_from_wherever_it_has_features_from() {
    let folder = tempfile::tempdir().unwrap();
    let items = clips(folder.path(), 3);
    let cache = folder.path().join("cache");
    for disk in [None, Some(cache.as_path()), Some(cache.as_path())] {
        let store = store(disk, 2);
        for _ in 0..2 {
            for item in &items {
                let features = store.get(item, None).unwrap();
                assert_eq!(features.clip_features, directly(item), "{}", item.file);
                assert_eq!(features.bands, 257);
                let own = store.clip_features(item, None).unwrap().unwrap();
                assert_eq!(own.data, features.clip_features);
            }
        }
    }
}

/// Each clip has a class of its own, so that the targets show how much of which clip is in a segment.
#[test]
fn they_are_mixed_as_the_labels_are() {
    let folder = tempfile::tempdir().unwrap();
    let items = clips(folder.path(), 6);
    let known: Vec<Vec<f32>> = items.iter().map(directly).collect();
    for partner in [Partner::Batch, Partner::Epoch] {
        for mixup in [true, false] {
            let config = BatchConfig {
                size: 3,
                order: SegmentOrder::Permutation,
                drop_last: false,
                mixup: mixup.then(|| Mixup {
                    partner,
                    ..Mixup::default()
                }),
                mix: (!mixup).then(|| Mix {
                    partner,
                    prob: 1.0,
                    same_subset: false,
                    one_of: serde_json::from_str(
                        r#"[{ "mixer": { "kind": "sigmoid-concat", "labels": "blend" } },
                            { "mixer": { "kind": "add" } }]"#,
                    )
                    .unwrap(),
                }),
                ..BatchConfig::default()
            };
            let make = |workers| maker(&store(None, workers), &items, &config, None).unwrap();
            let batches = take(make(1), START, 4);
            assert_eq!(batches, take(make(3), START, 4));
            let mut mixed = 0;
            for batch in batches {
                let n = HandcraftedFeatures::COUNT;
                assert_eq!(batch.clip_features.len(), batch.shape[0] * n);
                for (row, y) in batch
                    .clip_features
                    .chunks_exact(n)
                    .zip(batch.y.chunks_exact(items.len()))
                {
                    mixed += usize::from(y.iter().filter(|y| **y > 0.01).count() > 1);
                    for (k, got) in row.iter().enumerate() {
                        let terms = y
                            .iter()
                            .zip(&known)
                            .map(|(y, features)| f64::from(*y) * f64::from(features[k]));
                        let (want, size) = terms.fold((0.0, 0.0), |(sum, size), t| (sum + t, size + t.abs()));
                        let error = (f64::from(*got) - want).abs();
                        assert!(error <= 1e-5 * size, "number {k}: {got} instead of {want}");
                    }
                }
            }
            assert!(mixed > 3, "{mixed}");
        }
    }
}

#[test]
fn mixed_sounds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let items = clips(folder.path(), 2);
    let config = BatchConfig {
        size: 2,
        ..BatchConfig::default()
    };
    let refused = maker(&store(None, 1), &items, &config, Some(BetweenClass::default()));
    let message = refused.unwrap_err().to_string();
    assert!(
        message.starts_with("augment.between-class = (set): mixes sounds"),
        "{message}"
    );
}
