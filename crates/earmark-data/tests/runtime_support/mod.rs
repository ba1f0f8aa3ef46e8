//! Small seeded recordings and the items that name them.
#![allow(dead_code)] // Each test binary uses some of it.

use std::path::{Path, PathBuf};

use earmark_core::random;
use earmark_data::Item;
use earmark_features::{Extractor, Features, FrontEnd};

/// A WAV file of seeded noise, mono, 16 bits.
pub fn write_wav(path: &Path, seed: u64, seconds: f64, sample_rate_hz: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: sample_rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut rng = random::stream(seed, &[]);
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for _ in 0..(seconds * f64::from(sample_rate_hz)) as usize {
        writer
            .write_sample((random::uniform(&mut rng, -1.0, 1.0) * 8000.0) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
}

pub fn item(path: PathBuf, line: usize, labels: &[usize]) -> Item {
    Item {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        path,
        labels: labels.to_vec(),
        subset: "curated".to_owned(),
        line: Some(line),
        ..Item::default()
    }
}

/// `count` recordings of 0.3 to 1.5 s in `folder`, with one or two of three classes.
pub fn recordings(folder: &Path, count: usize) -> Vec<Item> {
    (0..count)
        .map(|index| {
            let path = folder.join(format!("clip{index}.wav"));
            write_wav(&path, index as u64, 0.3 + 0.4 * (index % 4) as f64, 44_100);
            let labels: &[usize] = if index.is_multiple_of(3) { &[0, 2] } else { &[1] };
            item(path, index + 2, labels)
        })
        .collect()
}

/// What the store should give, without one.
pub fn directly(extractor: &Extractor, item: &Item) -> Features {
    let clip = earmark_audio::read(&item.path, extractor.front_end().sample_rate_hz)
        .unwrap()
        .clip;
    extractor
        .log_mel_of_clip(&clip, &mut extractor.scratch())
        .unwrap()
}

pub fn extractor() -> Extractor {
    Extractor::new(&FrontEnd::default()).unwrap()
}

/// All cache files below `folder`.
pub fn cache_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                cache_files(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    files.sort();
    files
}
