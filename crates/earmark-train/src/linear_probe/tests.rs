//! Copies of clips, from recordings to examples.

use super::backbone::Backbone;
use super::backbone::tests::source;
use super::embed::{Embedder, ProbeClips};
use super::examples::Examples;
use crate::Skips;
use earmark_data::Item;
use earmark_data::feature_store::DiskCache;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The network's own rate.
const RATE: u32 = 32_000;

/// A recording of a tone.
pub(super) fn tone(folder: &Path, name: &str, hz: f32, tenths: u32) -> Item {
    let samples = RATE / 10 * tenths;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + 2 * samples).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    wav.extend([1_u8, 0, 1, 0]);
    wav.extend(RATE.to_le_bytes());
    wav.extend((2 * RATE).to_le_bytes());
    wav.extend([2_u8, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend((2 * samples).to_le_bytes());
    for i in 0..samples {
        let phase = std::f32::consts::TAU * hz * i as f32 / RATE as f32;
        wav.extend(((9000.0 * phase.sin()) as i16).to_le_bytes());
    }
    let path = folder.join(name);
    std::fs::write(&path, wav).unwrap();
    Item {
        file: name.into(),
        path,
        ..Item::default()
    }
}

/// Four clips in two folds, each in a group of its own, and, unless classes exclude each other, two recordings of
/// background, each of two pieces and in a fold of its own.
fn embedded(workers: usize, copies: usize, single_label: bool) -> Examples {
    let dir = tempfile::tempdir().unwrap();
    let clip = |k: u32| Item {
        labels: vec![usize::from(k % 2 == 1)],
        fold: Some(k / 2 + 1),
        group: Some(format!("group {k}")),
        ..tone(dir.path(), &format!("{k}.wav"), 400.0 + 300.0 * k as f32, 4)
    };
    let items: Vec<Item> = (0..4).map(clip).collect();
    let files = [1200.0, 1500.0].map(|hz| tone(dir.path(), &format!("noise {hz}.wav"), hz, 31));
    let mut source = source();
    source.recipe.cache.workers = workers;
    source.recipe.cache.disk = DiskCache::Off;
    let backbone = Backbone::open(&source, "cpu").unwrap();
    let classes = ["a", "b"].map(str::to_owned).to_vec();
    let mut examples = Examples::new(classes, single_label, backbone.layers(None));
    let stop = AtomicBool::new(false);
    let embedder = Embedder {
        backbone: &backbone,
        source: &source,
        copies,
        observer: &|_| (),
        stop: &stop,
    };
    let clips = ProbeClips {
        items: &items,
        background: &[],
        files: match single_label {
            true => &[],
            false => &files,
        },
    };
    let (mut skipped, mut damaged) = (Skips::new(), Skips::new());
    let done = embedder.add(&clips, &mut examples, &mut skipped, &mut damaged);
    assert!(done.unwrap().is_some());
    assert_eq!((skipped, damaged), (Skips::new(), Skips::new()));
    examples
}

/// The features of some examples, bit by bit.
fn bits(examples: &Examples, wanted: &[usize]) -> Vec<u32> {
    let layers = 0..examples.layers.len();
    let features = layers.flat_map(|layer| examples.data(layer, wanted).x);
    features.map(f32::to_bits).collect()
}

#[test]
fn copies_are_the_same_for_any_number_of_threads() {
    let (one, three) = (embedded(1, 3, false), embedded(3, 3, false));
    let names = |examples: &Examples| -> Vec<String> {
        examples.items.iter().map(|item| item.file.clone()).collect()
    };
    assert_eq!(names(&one), names(&three));
    assert_eq!(one.copies(), three.copies());
    let all: Vec<usize> = (0..one.len()).collect();
    assert_eq!(bits(&one, &all), bits(&three, &all));
}

#[test]
fn copies_share_fold_group_and_labels_with_what_they_are_made_of() {
    let all = embedded(2, 3, false);
    assert_eq!((all.clips(), all.background()), (4, 4));
    assert_eq!(all.copies().len(), 4 * 3 + 4 * 4);
    for (copy, i) in all.copies().iter().zip(all.originals()..) {
        let (own, origin) = (&all.items[i], &all.items[copy.origin]);
        assert_eq!(
            (own.fold, &own.group, &own.labels),
            (origin.fold, &origin.group, &origin.labels)
        );
        assert!(own.fold.is_some() && own.group.is_some());
        match copy.mixed_with {
            Some(piece) => {
                assert!(!all.is_background(copy.origin) && all.is_background(piece));
                assert_eq!(
                    all.items[piece].fold, own.fold,
                    "from the same side of each split"
                );
            }
            None => assert!(all.is_background(copy.origin)),
        }
        assert_ne!(bits(&all, &[i]), bits(&all, &[copy.origin]), "{}", own.file);
    }
}

/// Where classes exclude each other, clips are cropped and shifted, the same for any number of threads.
#[test]
fn clips_without_background_are_cropped_and_shifted() {
    let (all, again) = (embedded(1, 3, true), embedded(3, 3, true));
    let originals: Vec<usize> = (0..4).collect();
    assert_eq!((all.originals(), all.len()), (4, 16));
    for (copy, i) in all.copies().iter().zip(4..) {
        assert_eq!(
            (copy.origin, copy.mixed_with),
            ((i - 4) / 3, None),
            "three copies of each"
        );
        let is_shifted = (i - 4) % 3 > 0;
        assert!(!is_shifted || bits(&all, &[i]) != bits(&all, &[copy.origin]));
        assert_eq!(bits(&all, &[i]), bits(&again, &[i]));
    }
    assert_eq!(bits(&all, &originals), bits(&embedded(2, 0, true), &originals));
}

/// Without copies the examples are as before.
#[test]
fn copies_change_nothing_else() {
    let (with, without) = (embedded(2, 3, false), embedded(2, 0, false));
    let originals: Vec<usize> = (0..8).collect();
    assert_eq!((with.originals(), without.len()), (8, 8));
    assert_eq!(bits(&with, &originals), bits(&without, &originals));
}
