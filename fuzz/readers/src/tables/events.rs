//! Tables of labels with times.

use std::fs;
use std::path::Path;

use earmark_data::layout::{EventOptions, EventTable};
use earmark_data::{DataOptions, LayoutKind, MissingFiles, load};

use crate::{check_message, digest};

/// Names of the table: next to its recording, and of all recordings.
const NAMES: [&str; 6] = [
    "a.txt",
    "a.wav.csv",
    "a.Table.1.selections.txt",
    "all.txt",
    "all.csv",
    "all.json",
];

/// Length of the recording.
const SECONDS: u64 = 3;

/// A table of events is refused, or its events end after they begin; and what windows are made of it are within the
/// recording.
pub fn events(data: &[u8]) {
    let choice = digest(data);
    let bit = |n: u32| choice >> n & 1 == 1;
    let options = DataOptions {
        layout: bit(8).then_some(LayoutKind::Events),
        read_labels: !(bit(9) && bit(10)),
        missing_files: if bit(11) {
            MissingFiles::Skip
        } else {
            MissingFiles::Refuse
        },
        events: EventOptions {
            window_seconds: Some(if bit(12) { 1.0 } else { 5.0 }),
            annotated_label: bit(13).then(|| "dog".to_owned()),
            ..EventOptions::default()
        },
        ..DataOptions::default()
    };
    match EventTable::parse(Path::new("a.txt"), data, &options) {
        Ok(table) => {
            for event in &table.events {
                assert!(event.start_us <= event.end_us);
                // In AOEF, events may have no tag.
                let may_lack_labels = table.annotated.is_some() || !options.read_labels;
                assert!(may_lack_labels || !event.labels.is_empty());
                assert!(options.read_labels || event.labels.is_empty());
            }
        }
        Err(error) => check_message(&error),
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = NAMES[(choice % NAMES.len() as u64) as usize];
    fs::write(folder.path().join("a.wav"), recording()).expect("a written recording");
    fs::write(folder.path().join(name), data).expect("a written table");
    match load(folder.path(), &options) {
        Ok(set) => {
            for item in &set.items {
                assert!(
                    item.labels.is_sorted() && item.labels.iter().all(|&label| label < set.classes.len())
                );
                assert!(!item.is_background || item.labels.is_empty());
                let end = item.span.map_or(0, |span| span.end_us());
                assert!(end <= SECONDS * 1_000_000 && item.path.is_file());
                assert!(item.span.is_none() || item.group.is_some());
            }
        }
        Err(error) => check_message(&error),
    }
}

/// Silence at 1 kHz, 16 bits.
fn recording() -> Vec<u8> {
    let bytes = SECONDS as u32 * 2000;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\xe8\x03\0\0\xd0\x07\0\0\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.resize(44 + bytes as usize, 0);
    wav
}
