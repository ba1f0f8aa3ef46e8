//! Recordings that change, are broken, damaged, long or none at all.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use super::runtime_support::{item, recordings, write_wav};
use super::{GO, assert_right, config, store};
use earmark_audio::{ClipNote, Damaged};
use earmark_data::Item;
use earmark_data::feature_store::{FeatureStore, ItemFault};
use earmark_features::{Extractor, FrontEnd, TrimmedSpan};

#[test]
fn changed_files_give_new_features() {
    let folder = tempfile::tempdir().unwrap();
    let items = recordings(folder.path(), 2);
    let store = store(&config(64, Some(&folder.path().join("cache"))));
    let prepared = store.prepare(&items, &|_, _| {}, &GO).unwrap();
    let content = prepared.clips[0].as_ref().unwrap().content;
    let before = store.get(&items[0], Some(content)).unwrap();

    // The same length: only the time of change differs.
    write_wav(&items[0].path, 77, 0.3, 44_100);
    let later = SystemTime::now() + Duration::from_secs(5);
    fs::File::options()
        .append(true)
        .open(&items[0].path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert_ne!(*store.get(&items[0], None).unwrap(), *before);
    assert_right(&store, &items);
    let error = store.get(&items[0], Some(content)).unwrap_err();
    assert!(matches!(error.fault, ItemFault::Changed { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "clip0.wav (line 2 of the table): {}: changed while it was in use; start again when nothing writes to the \
             data folder any more",
            items[0].path.display()
        )
    );

    fs::remove_file(&items[1].path).unwrap();
    let error = store.get(&items[1], None).unwrap_err();
    assert!(matches!(error.fault, ItemFault::Read { .. }));
    assert!(
        error.to_string().starts_with("clip1.wav (line 3 of the table): "),
        "{error}"
    );
    assert!(
        error.to_string().ends_with("check the path, or leave it out"),
        "{error}"
    );
}

#[test]
fn the_first_pass_names_broken_files_and_odd_ones() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut items = recordings(folder.path(), 2);
    fs::write(at("text.wav"), "not audio").unwrap();
    let whole = fs::read(&items[0].path).unwrap();
    fs::write(at("cut.wav"), &whole[..whole.len() / 2]).unwrap();
    write_wav(&at("empty.wav"), 0, 0.0, 44_100);
    write_wav(&at("slow.wav"), 0, 0.5, 22_050);
    for name in ["text.wav", "gone.wav", "empty.wav", "slow.wav", "cut.wav"] {
        items.push(item(at(name), items.len() + 2, &[]));
    }
    let settings = config(0, Some(&at("cache")));
    let calls = Mutex::new(Vec::new());
    // Twice: computed, then from the cache.
    for _ in 0..2 {
        calls.lock().unwrap().clear();
        let progress = |done, total| calls.lock().unwrap().push((done, total));
        let prepared = store(&settings).prepare(&items, &progress, &GO).unwrap();
        let failed: Vec<usize> = prepared.failed.iter().map(|(index, _)| *index).collect();
        assert_eq!(failed, [2, 3, 6]);
        for (index, error) in &prepared.failed {
            let start = format!("{} (line {} of the table): ", items[*index].file, index + 2);
            assert!(error.to_string().starts_with(&start), "{error}");
            assert!(prepared.clips[*index].is_none());
        }
        let empty = prepared.clips[4].as_ref().unwrap();
        assert_eq!(
            (empty.frames, empty.segments, empty.notes.as_slice()),
            (0, 1, [ClipNote::EmptyFile].as_slice())
        );
        let slow = prepared.clips[5].as_ref().unwrap();
        assert_eq!(
            slow.notes,
            [ClipNote::Resampled {
                from: 22_050,
                to: 44_100
            }]
        );
        let mut calls = calls.lock().unwrap().clone();
        calls.sort_unstable();
        assert_eq!(calls, (1..=7).map(|done| (done, 7)).collect::<Vec<_>>());
    }
}

/// A recording that was used in part is in the cache only for who uses such ones, with what is missing of it.
#[test]
fn damaged_recordings_are_cached_apart() {
    let folder = tempfile::tempdir().unwrap();
    let whole = recordings(folder.path(), 1).remove(0);
    let bytes = fs::read(&whole.path).unwrap();
    let path = folder.path().join("cut.wav");
    fs::write(&path, &bytes[..bytes.len() - 8000]).unwrap();
    let refused = item(path, 3, &[]);
    let salvaged = Item {
        damaged: Damaged::Salvage,
        ..refused.clone()
    };
    for (memory, disk) in [(64, None), (0, Some(folder.path().join("cache")))] {
        let settings = config(memory, disk.as_deref());
        let first = store(&settings);
        let features = first.get(&salvaged, None).unwrap();
        let remarks = first.remarks();
        let damage = remarks["cut.wav"].damage.as_ref().unwrap();
        assert_eq!(damage.losses.len(), 1, "{damage}");
        assert!(
            damage
                .lost_seconds
                .is_some_and(|lost| (lost - 4000.0 / 44_100.0).abs() < 1e-3)
        );
        let message = first.get(&refused, None).unwrap_err().to_string();
        assert!(
            message.contains("; 0.209 of 0.300 s can be read with --damaged salvage"),
            "{message}"
        );
        // From the cache, with the same remark; the whole one has none.
        let second = if disk.is_some() { store(&settings) } else { first };
        assert_eq!(second.get(&salvaged, None).unwrap(), features);
        assert!(second.get(&refused, None).is_err());
        second.get(&whole, None).unwrap();
        assert_eq!(second.remarks(), remarks);
        assert!(second.counts().memory + second.counts().disk > 0);
    }
}

/// The blocks of a long recording are what trimming leaves of it as a whole: without what is cut off, and with the
/// zeros that a least length adds.
#[test]
fn long_recordings_are_trimmed_in_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    let sound = |i: i32| {
        if (30_000..90_000).contains(&i) {
            (i % 97 * 100) as i16
        } else {
            0
        }
    };
    (0..100_000).for_each(|i| writer.write_sample(sound(i)).unwrap());
    writer.finalize().unwrap();
    let (item, go) = (item(path.clone(), 1, &[]), AtomicBool::new(false));
    for trim in [
        r#"{ "top-db": 40 }"#,
        r#"{ "min-seconds": 20, "padding": "zeros" }"#,
    ] {
        let text = format!(
            r#"{{ "sample-rate-hz": 8000, "stft": {{ "window-samples": 80, "hop-samples": 80 }},
                  "amplitude": "linear", "trim": {trim} }}"#
        );
        let front_end: FrontEnd = serde_json::from_str(&text).unwrap();
        let extractor = Extractor::new(&front_end).unwrap();
        let samples = earmark_audio::read(&path, 8000).unwrap().clip.samples;
        let wanted = extractor.trim(&samples).into_owned();
        let store = FeatureStore::new(extractor, &config(0, None)).unwrap();
        let store = store.with_longest(2.0);
        let trimmed = store.trimmed_span(&item, &go).unwrap();
        let mut read = Vec::new();
        let whole = store.blocks(&item, trimmed.as_ref(), Some("read in blocks"), &mut |samples| {
            read.extend_from_slice(samples);
            true
        });
        assert!(whole.unwrap().is_some() && read == wanted, "{trim}");
        let remarks = store.remarks();
        let notes = remarks.values().flat_map(|remarks| &remarks.notes);
        assert_eq!(
            notes.collect::<Vec<_>>(),
            ["12.5 s long, and read in blocks"],
            "{trim}"
        );
        let mut blocks = 0;
        let whole = store.blocks(&item, trimmed.as_ref(), None, &mut |_| {
            blocks += 1;
            blocks < 2
        });
        assert_eq!(
            (whole.unwrap(), blocks),
            (None, 2),
            "nothing is read that is not wanted"
        );
        // Where nothing is left, too.
        let nothing = TrimmedSpan {
            samples: 0..0,
            zeros_before: 0,
            zeros_after: 0,
        };
        let whole = store.blocks(&item, Some(&nothing), None, &mut |_| false);
        assert_eq!(whole.unwrap(), None);
    }
}

/// A pipe among the recordings is named; nobody waits for somebody to write into it.
#[cfg(unix)]
#[test]
fn a_pipe_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let message = store(&config(0, None))
        .get(&item(path, 1, &[]), None)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("it is not a regular file; save what it gives to a file"),
        "{message}"
    );
}
