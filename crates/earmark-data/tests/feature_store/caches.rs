//! In memory and on disk: what is kept, what is computed again, and how much room it takes.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::runtime_support::{cache_files, directly, extractor, item, recordings, write_wav};
use super::{GO, assert_right, config, counts, store};
use earmark_data::Item;
use earmark_data::feature_store::{CacheConfig, CacheNote, FeatureStore};
use earmark_features::{Extractor, FrontEnd};

#[test]
fn caches_and_workers_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 6);
    let cache = folder.path().join("cache");
    let cases = [
        (1, 0, None, counts(0, 0, 12)),
        (4, 64, None, counts(6, 0, 6)),
        (1, 0, Some(cache.as_path()), counts(0, 6, 6)),
        (4, 0, Some(cache.as_path()), counts(0, 12, 0)),
        (2, 64, Some(cache.as_path()), counts(6, 6, 0)),
    ];
    for (workers, memory_mib, disk, expected) in cases {
        let store = store(&CacheConfig {
            workers,
            ..config(memory_mib, disk)
        });
        assert_eq!(store.workers().count(), workers);
        let prepared = store.prepare(&items, &|_, _| {}, &GO).unwrap();
        assert!(prepared.failed.is_empty());
        assert_right(&store, &items);
        assert_eq!(
            store.counts(),
            expected,
            "workers {workers}, memory {memory_mib}, disk {disk:?}"
        );
        for (clip, item) in prepared.clips.iter().zip(&items) {
            let (clip, features) = (clip.as_ref().unwrap(), directly(store.extractor(), item));
            assert_eq!(clip.frames, features.frames);
            assert_eq!(clip.segments, clip.frames.div_ceil(50).max(1));
        }
    }
    assert_eq!(cache_files(&cache).len(), items.len());
}

#[test]
fn a_renamed_or_copied_file_costs_nothing_and_another_front_end_does() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 1);
    let settings = config(0, Some(&folder.path().join("cache")));
    store(&settings).get(&items[0], None).unwrap();
    let copy = folder.path().join("copy.wav");
    fs::copy(&items[0].path, &copy).unwrap();
    let second = store(&settings);
    second.get(&item(copy, 3, &[]), None).unwrap();
    assert_eq!(second.counts(), counts(0, 1, 0));
    let mut front_end = FrontEnd::default();
    front_end.stft.value = earmark_features::BinValue::Power;
    let third = FeatureStore::new(Extractor::new(&front_end).unwrap(), &settings).unwrap();
    assert_right(&third, &items);
    assert_eq!(third.counts(), counts(0, 0, 1));
}

#[test]
fn damaged_cache_files_are_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.wav");
    write_wav(&path, 1, 0.06, 44_100);
    let items = [item(path, 2, &[])];
    let cache = folder.path().join("cache");
    let settings = config(0, Some(&cache));
    assert_right(&store(&settings), &items);
    let file = cache_files(&cache).remove(0);
    let sound = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..sound.len())
        .step_by(97)
        .map(|length| sound[..length].to_vec())
        .collect();
    // Every byte of the header, and some of the numbers.
    for place in (0..76).chain((76..sound.len()).step_by(211)) {
        let mut bytes = sound.clone();
        bytes[place] ^= 1 << (place % 8);
        damaged.push(bytes);
    }
    damaged.push([sound.as_slice(), b"more"].concat());
    // A header that promises more than any memory holds.
    let mut huge = sound.clone();
    huge[12..28].fill(0xff);
    damaged.push(huge);
    let store = store(&settings);
    for (count, bytes) in damaged.iter().enumerate() {
        fs::write(&file, bytes).unwrap();
        assert_right(&store, &items);
        assert_eq!(
            store.counts().computed,
            count as u64 + 1,
            "damage {count} was not noticed"
        );
        assert!(
            fs::read(&file).unwrap() == sound,
            "damage {count} was not replaced"
        );
    }
}

#[test]
fn a_stop_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 8);
    let stop = AtomicBool::new(false);
    let store = store(&CacheConfig {
        workers: 1,
        ..config(64, None)
    });
    let progress = |done, _| stop.store(done >= 3, Ordering::Relaxed);
    let interrupted = store.prepare(&items, &progress, &stop).unwrap_err();
    assert_eq!(
        interrupted.to_string(),
        "stopped after 3 of 8 files; run the command again to continue, finished files are cached"
    );
    assert_eq!(store.prepare(&items, &|_, _| {}, &GO).unwrap().clips.len(), 8);
    assert_eq!(store.counts(), counts(3, 0, 8));
}

/// About 38 kB a second of features: 60 clips of 1 s are more than 2 MiB.
fn many(folder: &Path) -> Vec<Item> {
    (0..60)
        .map(|index| {
            let path = folder.join(format!("clip{index}.wav"));
            write_wav(&path, index, 1.0, 44_100);
            item(path, index as usize + 2, &[])
        })
        .collect()
}

fn total_bytes(cache: &Path) -> u64 {
    cache_files(cache)
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum()
}

#[test]
fn budgets_hold_and_the_most_recently_used_stay() {
    let folder = tempfile::tempdir().unwrap();
    let items = many(folder.path());
    let cache = folder.path().join("cache");
    let settings = CacheConfig {
        disk_mib: 1,
        ..config(1, Some(&cache))
    };
    let store1 = store(&settings);
    let prepared = store1.prepare(&items, &|_, _| {}, &GO).unwrap();
    assert_eq!(
        prepared.notes,
        [CacheNote::Disk {
            needed_mib: 3,
            memory_mib: 1,
            disk_mib: 1
        }]
    );
    assert!(store1.memory_bytes() <= 1 << 20);
    assert!(
        total_bytes(&cache) <= 1 << 20,
        "{} bytes on disk",
        total_bytes(&cache)
    );
    assert!(
        total_bytes(&cache) > 800 << 10,
        "{} bytes on disk: too much was removed",
        total_bytes(&cache)
    );
    assert_right(&store1, &items);
    assert!(total_bytes(&cache) <= 1 << 20);

    // Everything in the cache is an hour old; one entry is used, then others push the rest out.
    for file in cache_files(&cache) {
        let old = SystemTime::now() - Duration::from_secs(3600);
        fs::File::options()
            .append(true)
            .open(file)
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    let store2 = store(&CacheConfig {
        memory_mib: 0,
        ..settings
    });
    let favourite = &items[59];
    store2.get(favourite, None).unwrap();
    assert_eq!(
        store2.counts(),
        counts(0, 1, 0),
        "the last item written is in the cache"
    );
    for item in &items[..20] {
        store2.get(item, None).unwrap();
    }
    let before = store2.counts();
    store2.get(favourite, None).unwrap();
    assert_eq!(
        store2.counts().disk,
        before.disk + 1,
        "what was just used must stay"
    );
    assert!(total_bytes(&cache) <= 1 << 20);
    // What is not ours is never removed.
    let foreign = cache.join("notes.txt");
    fs::write(&foreign, "mine").unwrap();
    store(&CacheConfig {
        memory_mib: 0,
        disk_mib: 1,
        ..config(0, Some(&cache))
    })
    .prepare(&items, &|_, _| {}, &GO)
    .unwrap();
    assert!(foreign.exists());
}

#[test]
fn two_stores_share_a_folder_while_it_overflows() {
    let folder = tempfile::tempdir().unwrap();
    let items = many(folder.path());
    let cache = folder.path().join("cache");
    let settings = CacheConfig {
        disk_mib: 1,
        ..config(0, Some(&cache))
    };
    let expected: Vec<_> = items.iter().map(|item| directly(&extractor(), item)).collect();
    let (one, two) = (store(&settings), store(&settings));
    std::thread::scope(|s| {
        for (store, step) in [(&one, 7), (&two, 11)] {
            let (items, expected) = (&items, &expected);
            s.spawn(move || {
                for turn in 0..120 {
                    let index = turn * step % items.len();
                    assert!(
                        *store.get(&items[index], None).unwrap() == expected[index],
                        "{}",
                        items[index].file
                    );
                }
            });
        }
    });
    // Each counts what it wrote itself and looks again at each eviction: together they overshoot by less than that.
    assert!(total_bytes(&cache) <= 2 << 20);
    assert!(one.counts().disk + two.counts().disk > 0);
}

#[test]
fn a_folder_that_cannot_be_used_is_a_note_and_not_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 3);
    // A file is where the folder should be.
    let cache = folder.path().join("cache");
    fs::write(&cache, "in the way").unwrap();
    let store = store(&config(64, Some(&cache)));
    let prepared = store.prepare(&items, &|_, _| {}, &GO).unwrap();
    assert_right(&store, &items);
    let [CacheNote::NotKept { reason }] = prepared.notes.as_slice() else {
        panic!("{:?}", prepared.notes)
    };
    assert!(reason.starts_with(&cache.display().to_string()), "{reason}");
}
