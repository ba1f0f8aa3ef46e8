//! One table in a data folder, in each layout that has a table: the data set is refused, or its items are valid.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use earmark_data::{DataOptions, LayoutKind, MissingFiles, load};
use earmark_fuzz::{check_message, digest};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// Layout, folder of the audio, table.
const KINDS: [(LayoutKind, &str, &str); 6] = [
    (LayoutKind::Csv, ".", "data.csv"),
    (LayoutKind::Csv, ".", "data.tsv"),
    (LayoutKind::Esc50, "audio", "esc50.csv"),
    (LayoutKind::Fsdkaggle2019, "train_curated", "train_curated.csv"),
    (
        LayoutKind::Urbansound8k,
        "audio/fold1",
        "metadata/UrbanSound8K.csv",
    ),
    (
        LayoutKind::Fsd50k,
        "FSD50K.dev_audio",
        "FSD50K.ground_truth/dev.csv",
    ),
];

/// The data folders, one per kind, with the empty files that the seeds name; loading opens no audio.
fn folders() -> &'static [(TempDir, PathBuf)] {
    static FOLDERS: OnceLock<Vec<(TempDir, PathBuf)>> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        KINDS
            .iter()
            .map(|(_, audio, table)| {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let audio = folder.path().join(audio);
                std::fs::create_dir_all(&audio).expect("a folder");
                for name in ["a.wav", "b.wav", "c d.wav", "e,f.wav"] {
                    std::fs::write(audio.join(name), b"").expect("a file");
                }
                let table = folder.path().join(table);
                std::fs::create_dir_all(table.parent().expect("a folder")).expect("a folder");
                (folder, table)
            })
            .collect()
    })
}

fuzz_target!(|data: &[u8]| {
    let choice = digest(data);
    let kind = (choice % KINDS.len() as u64) as usize;
    let (folder, table) = &folders()[kind];
    std::fs::write(table, data).expect("a written table");
    let bit = |n: u32| choice >> n & 1 == 1;
    let options = DataOptions {
        // Recognised by itself in half of the runs.
        layout: bit(8).then_some(KINDS[kind].0),
        label_separator: (kind < 2 && bit(9)).then(|| if bit(10) { ";".into() } else { String::new() }),
        multi_label: bit(11).then(|| bit(12)),
        read_labels: !(bit(13) && bit(14)),
        missing_files: if bit(15) {
            MissingFiles::Skip
        } else {
            MissingFiles::Refuse
        },
        ..DataOptions::default()
    };
    let set = match load(folder.path(), &options) {
        Ok(set) => set,
        Err(error) => return check_message(&error),
    };
    assert!(!set.items.is_empty());
    for item in &set.items {
        assert!(item.labels.is_sorted() && item.labels.iter().all(|&label| label < set.classes.len()));
        assert!(set.multi_label || item.labels.len() < 2);
        assert!(item.path.is_file());
        let inside = item
            .path
            .canonicalize()
            .expect("a file")
            .starts_with(folder.path().canonicalize().expect("a folder"));
        assert!(inside, "{} leads out of the data folder", item.path.display());
    }
});
