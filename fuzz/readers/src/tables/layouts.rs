//! Data folders with a table.

use std::fs;
use std::path::Path;

use earmark_data::dataset::Corrections;
use earmark_data::{DataOptions, DataSet, LayoutKind, MissingFiles, load};

use crate::{check_message, digest, two_parts};

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

/// One table in a data folder, in each layout that has a table, and behind a line `---` corrections of it: the data set
/// is refused, or its items are valid.
pub fn layouts(data: &[u8]) {
    let choice = digest(data);
    let kind = (choice % KINDS.len() as u64) as usize;
    let (table, corrections) = match two_parts(data) {
        Some((table, corrections)) => (table, Some(corrections)),
        None => (data, None),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    fill(folder.path(), kind, table, corrections);
    let bit = |n: u32| choice >> n & 1 == 1;
    let subset = if bit(16) { "train" } else { "curated" };
    let correction = Corrections {
        file: "corrections.json".into(),
        subset: subset.into(),
        corrected_subset: bit(17).then(|| "corrected".into()),
        copy: bit(18),
        named_only: bit(19),
        keep_in_folds: bit(20),
    };
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
        corrections: corrections.map(|_| correction).into_iter().collect(),
        ..DataOptions::default()
    };
    match load(folder.path(), &options) {
        Ok(set) => check_items(&set, folder.path()),
        Err(error) => check_message(&error),
    }
}

/// Makes a data folder with the empty files that the seeds name; loading opens no audio.
fn fill(folder: &Path, kind: usize, table: &[u8], corrections: Option<&[u8]>) {
    let (_, audio, name) = KINDS[kind];
    let audio = folder.join(audio);
    fs::create_dir_all(&audio).expect("a folder");
    for name in ["a.wav", "b.wav", "c d.wav", "e,f.wav"] {
        fs::write(audio.join(name), b"").expect("a file");
    }
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, table).expect("a written table");
    if let Some(corrections) = corrections {
        fs::write(folder.join("corrections.json"), corrections).expect("written corrections");
    }
}

fn check_items(set: &DataSet, folder: &Path) {
    assert!(!set.items.is_empty());
    let folder = folder.canonicalize().expect("a folder");
    for item in &set.items {
        assert!(item.labels.is_sorted() && item.labels.iter().all(|&label| label < set.classes.len()));
        assert!(set.multi_label || item.labels.len() < 2);
        assert!(item.path.is_file());
        let path = item.path.canonicalize().expect("a file");
        assert!(
            path.starts_with(&folder),
            "{} leads out of the data folder",
            item.path.display()
        );
    }
}
