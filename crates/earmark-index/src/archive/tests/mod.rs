//! Indices of made vectors.

mod adding;
mod labelling;
mod removing;
mod searching;

use super::*;
use std::path::Path;

pub(super) const WIDTH: usize = 7;

pub(super) fn model(hash: &str) -> IndexModel {
    IndexModel {
        name: "m.safetensors".into(),
        hash: hash.repeat(64),
    }
}

pub(super) fn windows() -> IndexWindows {
    IndexWindows {
        sample_rate_hz: 8000,
        window_samples: 8000,
        hop_samples: 4000,
    }
}

/// Numbers from -0.5 to 0.5 that follow from a seed.
pub(super) fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

/// A recording of this many windows, whose content is a word.
pub(super) fn recording(file: &str, windows: usize, content: &str) -> IndexedRecording {
    IndexedRecording {
        file: file.into(),
        version: RecordingVersion {
            size: 1000 + windows as u64,
            changed: 7,
            content: content.into(),
        },
        seconds: windows as f64 / 2.0 + 0.5,
        sample_rate_hz: 44_100,
        samples: 4000 * (windows as u64 + 1),
        windows,
        note: None,
        damaged: false,
    }
}

pub(super) fn writer(folder: &Path, width: usize, rows_per_shard: usize) -> IndexWriter {
    IndexWriter::open(folder, model("a"), windows(), width, rows_per_shard).unwrap()
}

/// Adds recordings `0.wav`, `1.wav` and so on of these numbers of windows, each with numbers that follow from its
/// content.
pub(super) fn add_all(writer: &mut IndexWriter, width: usize, windows: &[usize]) {
    for (k, count) in windows.iter().enumerate() {
        let name = format!("{k}.wav");
        if writer.version_of(&name).is_none() {
            let vectors = numbers(count * width, k as u32);
            writer.add(recording(&name, *count, "first"), vectors).unwrap();
        }
    }
}

/// All that an index holds, by recording.
pub(super) fn content(folder: &Path) -> Vec<(IndexedRecording, Vec<f32>)> {
    let index = ArchiveIndex::open(folder).unwrap();
    index.check().unwrap();
    let of = |placed: &PlacedRecording| {
        let rows: Vec<usize> = placed.rows().collect();
        (placed.recording.clone(), index.vectors(&rows).unwrap())
    };
    index.recordings().map(of).collect()
}
