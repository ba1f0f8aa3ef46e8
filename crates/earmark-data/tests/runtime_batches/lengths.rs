//! A length for each batch.

use std::sync::atomic::AtomicBool;

use earmark_core::Check;
use earmark_data::augment::Augment;
use earmark_data::augment::mixing::{Mixup, Partner};
use earmark_data::augment::spectrogram::{AugmentStep, Pad, PadFill, PadPlace, RandomCrop};
use earmark_data::batches::{BatchConfig, BatchMaker, BatchPosition, RandomLength, TrainingClips};
use earmark_features::{Features, FrontEnd, Postprocess};

use crate::runtime_support::{directly, recordings};
use crate::stored::{maker_of, store_of};
use crate::{START, take};

const LENGTH: RandomLength = RandomLength {
    min_frames: 20,
    max_frames: 90,
    quartiles: false,
};

fn config(mixup: Option<Mixup>) -> BatchConfig {
    BatchConfig {
        size: 3,
        drop_last: false,
        length: Some(LENGTH),
        mixup,
        ..BatchConfig::default()
    }
}

/// Clips of 27 to 148 frames.
fn maker(items: &[earmark_data::Item], config: &BatchConfig, workers: usize) -> BatchMaker {
    let front_end = FrontEnd {
        postprocess: Postprocess::default(),
        ..FrontEnd::default()
    };
    let augment = Augment {
        list: vec![
            AugmentStep::Pad(Pad {
                fill: PadFill::Symmetric,
                place: PadPlace::Random,
            }),
            AugmentStep::RandomCrop(RandomCrop {}),
        ],
        ..Augment::default()
    };
    maker_of(&store_of(&front_end, workers), items, config, &augment)
}

/// Whether `segment` is a range of `clip`, which is mirrored at its ends again and again.
fn is_range(segment: &[f32], frames: usize, clip: &Features) -> bool {
    let period = 2 * clip.frames;
    let at = |t: usize| (t % period).min(period - 1 - t % period);
    let shows = |start: usize| {
        (0..frames).all(|t| {
            (0..clip.bands)
                .step_by(17)
                .all(|band| segment[band * frames + t] == clip.data[band * clip.frames + at(start + t)])
        })
    };
    (0..period).any(shows)
}

#[test]
fn a_batch_has_one_length_and_shows_its_clips() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 7);
    let batches = take(maker(&items, &config(None), 2), START, 9);
    let mut lengths = Vec::new();
    for batch in &batches {
        let [segments, channels, bands, frames] = batch.shape;
        assert_eq!(batch.x.len(), segments * channels * bands * frames);
        assert!((LENGTH.min_frames..=LENGTH.max_frames).contains(&frames));
        lengths.push(frames);
        for (segment, clip) in batch.x.chunks_exact(bands * frames).zip(&batch.clips) {
            let base = directly(&crate::runtime_support::extractor(), &items[*clip as usize]);
            assert!(is_range(segment, frames, &base), "{frames} frames of clip {clip}");
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 6, "{lengths:?}");
}

/// With any number of workers, from any start.
#[test]
fn lengths_follow_from_the_position() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 7);
    for partner in [Partner::Batch, Partner::Epoch] {
        let mixup = Mixup {
            partner,
            ..Mixup::default()
        };
        let config = config(Some(mixup));
        let whole = take(maker(&items, &config, 1), START, 8);
        let later = BatchPosition { epoch: 1, batch: 2 };
        assert_eq!(whole[5..], take(maker(&items, &config, 3), later, 3));
        assert_eq!(maker(&items, &config, 2).batch(later).unwrap(), whole[5]);
    }
}

/// Of seven clips of 27 to 148 frames, the second shortest and the second longest.
#[test]
fn lengths_follow_the_clips() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 7);
    let store = store_of(&FrontEnd::default(), 1);
    let prepared = store
        .prepare(&items, &|_, _| {}, &AtomicBool::new(false))
        .unwrap();
    let mut frames: Vec<usize> = prepared.clips.iter().flatten().map(|clip| clip.frames).collect();
    frames.sort_unstable();
    let lengths = |min_frames, max_frames| {
        let config = BatchConfig {
            length: Some(RandomLength {
                min_frames,
                max_frames,
                quartiles: true,
            }),
            ..config(None)
        };
        let length = maker(&items, &config, 1).config().length.unwrap();
        (length.min_frames, length.max_frames)
    };
    assert_eq!(lengths(1, 1000), (frames[1], frames[5]));
    assert_eq!(
        lengths(frames[1] + 1, frames[5] - 1),
        (frames[1] + 1, frames[5] - 1)
    );
    assert_eq!(lengths(frames[6] + 1, 1000), (frames[6] + 1, frames[6] + 1));
}

#[test]
fn what_can_not_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 4);
    let store = store_of(&FrontEnd::default(), 1);
    let prepared = store
        .prepare(&items, &|_, _| {}, &AtomicBool::new(false))
        .unwrap();
    let clips = TrainingClips {
        store,
        items: items.into(),
        prepared: &prepared,
        classes: 3,
        augment: &Augment::default(),
        soft_targets: None,
    };
    let refused = clips.batches(&config(None), 11);
    let message = refused.unwrap_err().to_string();
    assert!(message.starts_with("batches.length = (set): needs"), "{message}");
    for (min_frames, max_frames, key) in [(0, 4, "min-frames = 0"), (5, 4, "max-frames = 4")] {
        let config = BatchConfig {
            length: Some(RandomLength {
                min_frames,
                max_frames,
                quartiles: false,
            }),
            ..BatchConfig::default()
        };
        let message = config.check().unwrap_err().to_string();
        assert!(message.starts_with(&format!("length.{key}")), "{message}");
    }
}
