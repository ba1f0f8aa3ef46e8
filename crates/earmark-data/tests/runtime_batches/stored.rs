//! Batches of real features.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_data::Item;
use earmark_data::augment::Augment;
use earmark_data::augment::mixing::Mixup;
use earmark_data::augment::spectrogram::{TimeMask, TimeShift};
use earmark_data::batches::{
    Batch, BatchConfig, BatchMaker, BatchPosition, BatchStream, SegmentOrder, TrainingClips,
};
use earmark_data::feature_store::{CacheConfig, CachedForm, DiskCache, FeatureStore};
use earmark_features::{Deltas, Extractor, FrontEnd, GlobalScale, Postprocess};

use crate::runtime_support::{directly, recordings, write_wav};
use crate::{START, place, take};

fn front_end() -> FrontEnd {
    let postprocess = Postprocess {
        deltas: Some(Deltas::default()),
        scale: Some(GlobalScale {
            subtract: -2.0,
            divide: 4.0,
        }),
        ..Postprocess::default()
    };
    FrontEnd {
        postprocess,
        ..FrontEnd::default()
    }
}

pub fn store_of(front_end: &FrontEnd, workers: usize) -> Arc<FeatureStore> {
    let config = CacheConfig {
        workers,
        disk: DiskCache::Off,
        ..CacheConfig::default()
    };
    Arc::new(FeatureStore::new(Extractor::new(front_end).unwrap(), &config).unwrap())
}

pub fn maker_of(
    store: &Arc<FeatureStore>,
    items: &[Item],
    config: &BatchConfig,
    augment: &Augment,
) -> BatchMaker {
    let form = match augment.needs_samples() {
        true => CachedForm::Samples,
        false => CachedForm::Features,
    };
    let prepared = store
        .prepare_as(form, items, &|_, _| {}, &AtomicBool::new(false))
        .unwrap();
    let clips = TrainingClips {
        store: Arc::clone(store),
        items: items.into(),
        prepared: &prepared,
        classes: 3,
        augment,
        soft_targets: None,
    };
    clips.batches(config, 11).unwrap()
}

#[test]
fn segments_of_a_store_are_those_of_the_front_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut items = recordings(folder.path(), 7);
    // A file that does not decode is left out.
    items[3].path = folder.path().join("gone.wav");
    for front_end in [FrontEnd::default(), front_end()] {
        let store = store_of(&front_end, 2);
        let extractor = store.extractor();
        let config = BatchConfig {
            size: 4,
            order: SegmentOrder::Sequential,
            drop_last: false,
            ..BatchConfig::default()
        };
        let maker = maker_of(&store, &items, &config, &Augment::default());
        let mut expected = Vec::new();
        for (clip, item) in items.iter().enumerate().filter(|(clip, _)| *clip != 3) {
            let base = directly(extractor, item);
            for segment in 0..extractor.segment_count(base.frames) {
                let finished = extractor
                    .postprocess(&extractor.segment(&base, segment).unwrap())
                    .unwrap();
                expected.push((
                    place(clip as u32, segment as u32),
                    finished.data,
                    item.multi_hot(3),
                ));
            }
        }
        assert_eq!(maker.segments(), expected.len());
        let count = maker.batches_per_epoch();
        let batches: Vec<Batch> = (0..count)
            .map(|batch| maker.batch(BatchPosition { epoch: 0, batch }).unwrap())
            .collect();
        let join = |part: fn(&Batch) -> &[f32]| {
            batches
                .iter()
                .flat_map(|batch| part(batch).to_vec())
                .collect::<Vec<_>>()
        };
        assert_eq!(batches[0].shape, [4, extractor.channels(), 96, 100]);
        assert_eq!(
            join(|batch| &batch.x),
            expected
                .iter()
                .flat_map(|(_, x, _)| x.clone())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            join(|batch| &batch.y),
            expected
                .iter()
                .flat_map(|(_, _, y)| y.clone())
                .collect::<Vec<_>>()
        );
        let clips: Vec<u32> = batches.iter().flat_map(|batch| batch.clips.clone()).collect();
        assert_eq!(
            clips,
            expected
                .iter()
                .map(|(place, _, _)| place.clip)
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn augmented_batches_are_the_same_for_any_workers() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 8);
    let augment = Augment {
        time_shift: Some(TimeShift {
            prob: 1.0,
            ..TimeShift::default()
        }),
        time_mask: Some(TimeMask {
            prob: 1.0,
            ..TimeMask::default()
        }),
        ..Augment::default()
    };
    let config = BatchConfig {
        size: 4,
        mixup: Some(Mixup::default()),
        ..BatchConfig::default()
    };
    let run = |workers, augment: &Augment| {
        let store = store_of(&front_end(), workers);
        take(maker_of(&store, &items, &config, augment), START, 6)
    };
    let one = run(1, &augment);
    assert_eq!(run(4, &augment), one);
    let plain = run(1, &Augment::default());
    assert_ne!(plain[0].x, one[0].x);
    assert_eq!((&plain[0].y, &plain[0].clips), (&one[0].y, &one[0].clips));
}

#[test]
fn a_file_that_goes_or_changes_ends_the_stream_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 6);
    let config = BatchConfig {
        size: 3,
        prefetch: 0,
        ..BatchConfig::default()
    };
    let damages: [fn(&Item); 2] = [
        |item| fs::remove_file(&item.path).unwrap(),
        |item| write_wav(&item.path, 99, 1.9, 44_100),
    ];
    for (damage, word) in damages
        .iter()
        .zip(["cannot be read", "changed while it was in use"])
    {
        let store = store_of(&FrontEnd::default(), 2);
        write_wav(&items[4].path, 4, 0.3, 44_100);
        let mut stream = BatchStream::start(maker_of(&store, &items, &config, &Augment::default()), START);
        stream.next().unwrap().unwrap();
        damage(&items[4]);
        // Every epoch has the file, so that the error comes within two.
        let error = stream
            .by_ref()
            .take(20)
            .find_map(Result::err)
            .expect("the damage must be noticed");
        assert!(
            error.to_string().starts_with("clip4.wav (line 6 of the table): "),
            "{error}"
        );
        assert!(error.to_string().contains(word), "{error}");
        assert!(stream.next().is_none());
    }
}
