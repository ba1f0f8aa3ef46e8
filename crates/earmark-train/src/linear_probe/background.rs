//! Sound that belongs to none of the classes.

use crate::{Event, Observer, PipelineError, Skips};
use earmark_core::human::human_amount;
use earmark_core::text::{composed, letters_and_digits};
use earmark_data::{DataSet, Item};
use earmark_inference::tag::inputs;
use std::path::Path;

/// Names of classes that mean none of the classes: in any letter case, and whatever is between their words
/// (`Background_Noise`).
pub const BACKGROUND_NAMES: [&str; 49] = [
    "background",
    "backgrounds",
    "background noise",
    "background noises",
    "background sound",
    "background sounds",
    "noise",
    "noises",
    "silence",
    "other",
    "others",
    "nothing",
    "none",
    "no call",
    // German, French, Spanish and Portuguese, Italian, Dutch, Polish
    "hintergrund",
    "hintergrundgeräusch",
    "hintergrundgeräusche",
    "rauschen",
    "stille",
    "andere",
    "sonstige",
    "sonstiges",
    "bruit",
    "bruits",
    "bruit de fond",
    "autre",
    "autres",
    "fondo",
    "ruido",
    "ruidos",
    "ruido de fondo",
    "ruído",
    "ruído de fundo",
    "silencio",
    "silêncio",
    "otro",
    "otros",
    "outros",
    "rumore",
    "rumori",
    "rumore di fondo",
    "silenzio",
    "altro",
    "altri",
    "achtergrond",
    "ruis",
    "stilte",
    "overig",
    "szum",
];

/// The subset of files that are in no data folder.
const SUBSET: &str = "background";

/// The clips of a data folder, those of none of the classes apart.
pub(super) struct SeparatedClips {
    /// The classes without those that mean background.
    pub classes: Vec<String>,
    /// Clips with their labels in these classes.
    pub items: Vec<Item>,
    /// Clips that carry no other label than a name of background; their labels are empty.
    pub background: Vec<Item>,
    /// The names of background that the data has as classes.
    pub names: Vec<String>,
}

impl SeparatedClips {
    /// All clips as they are.
    pub fn none_of(data: &DataSet) -> Self {
        Self {
            classes: data.classes.names().to_vec(),
            items: data.items.clone(),
            background: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The background of a data folder apart. A clip of a class and of background keeps the class.
    pub fn of(data: &DataSet) -> Self {
        let all = data.classes.names().iter().cloned();
        let (names, classes): (Vec<String>, Vec<String>) = all.partition(|name| is_background(name));
        let index_of = |label: &usize| {
            let name = data.classes.name(*label)?;
            classes.iter().position(|class| class == name)
        };
        let changed = data.items.iter().map(|item| Item {
            labels: item.labels.iter().filter_map(index_of).collect(),
            ..item.clone()
        });
        let (background, items) = changed.partition(|item| item.labels.is_empty());
        Self {
            classes,
            items,
            background,
            names,
        }
    }
}

/// Whether a class means none of the classes, by its name.
pub(crate) fn is_background(class: &str) -> bool {
    let plain = |name: &str| letters_and_digits(&composed(name));
    let class = plain(class);
    BACKGROUND_NAMES.iter().any(|name| plain(name) == class)
}

/// All audio below a folder, as clips without labels, folds and groups; what has a name that no table can hold is added
/// to `skipped`.
pub(super) fn files_below(
    folder: &Path,
    observer: Observer,
    skipped: &mut Skips,
) -> Result<Vec<Item>, PipelineError> {
    if !folder.is_dir() {
        return Err(PipelineError::Request(format!(
            "--background {}: there is no such folder; check the path",
            folder.display()
        )));
    }
    let found = inputs::find(&[folder.to_path_buf()]);
    let found = found.map_err(|e| PipelineError::Request(format!("--background: {e}")))?;
    for (file, reason) in found.left_out {
        observer(Event::Skipped {
            file: &file,
            reason: &reason,
        });
        skipped.push((file, reason));
    }
    if found.not_audio.0 > 0 {
        observer(Event::Note(format!(
            "--background {}: {} not audio",
            folder.display(),
            human_amount(found.not_audio.0, "file is", "files are")
        )));
    }
    let items = found.files.into_iter().map(|file| Item {
        file: file.name,
        path: file.path,
        subset: SUBSET.into(),
        ..Item::default()
    });
    Ok(items.collect())
}

/// A fold for each piece of background: neighbours share one. `files` is the file of each piece, ascending. Whole files
/// where there are as many as folds, else runs of pieces.
pub(super) fn spread(files: &[usize], folds: &[u32]) -> Vec<u32> {
    let count = files.last().map_or(0, |last| last + 1);
    let share = |at: usize, of: usize| folds[at * folds.len() / of];
    let by_file = count >= folds.len();
    let pieces = files.iter().enumerate();
    pieces
        .map(|(piece, file)| match by_file {
            true => share(*file, count),
            false => share(piece, files.len()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, load};

    /// A folder of folders; nothing opens the recordings.
    fn folders(names: &[&str]) -> (tempfile::TempDir, DataSet) {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::create_dir(dir.path().join(name)).unwrap();
            for k in 0..2 {
                std::fs::write(dir.path().join(name).join(format!("{k}.wav")), "").unwrap();
            }
        }
        let data = load(dir.path(), &DataOptions::default()).unwrap();
        (dir, data)
    }

    #[test]
    fn background_is_never_a_class() {
        for name in [
            "background",
            "Noise",
            "SILENCE",
            "other",
            "_background_noise_",
            "Hintergrundger\u{e4}usche",
            "Bruit de fond",
            "nocall",
        ] {
            let (_dir, data) = folders(&["dog", "owl", name]);
            let separated = SeparatedClips::of(&data);
            assert_eq!(separated.classes, ["dog", "owl"], "{name}");
            assert_eq!(separated.names, [name]);
            assert_eq!((separated.items.len(), separated.background.len()), (4, 2));
            assert!(separated.background.iter().all(|item| item.labels.is_empty()));
            for item in &separated.items {
                let class = &separated.classes[item.labels[0]];
                assert!(item.file.starts_with(class.as_str()), "{item:?}");
            }
            assert_eq!(SeparatedClips::none_of(&data).classes.len(), 3);
        }
        let (_dir, data) = folders(&["dog", "otter", "noisy miner"]);
        assert_eq!(SeparatedClips::of(&data).classes, ["dog", "noisy miner", "otter"]);
    }

    #[test]
    fn a_clip_of_a_class_and_of_background_keeps_the_class() {
        let (_dir, mut data) = folders(&["dog", "noise"]);
        data.items[0].labels = vec![0, 1];
        let separated = SeparatedClips::of(&data);
        assert_eq!(separated.items[0].labels, [0]);
        assert_eq!((separated.items.len(), separated.background.len()), (2, 2));
    }

    #[test]
    fn neighbours_share_a_fold() {
        assert_eq!(spread(&[0, 0, 1, 2, 2, 2], &[1, 2, 3]), [1, 1, 2, 3, 3, 3]);
        assert_eq!(spread(&[0; 6], &[1, 2, 5]), [1, 1, 2, 2, 5, 5], "one long file");
        assert_eq!(spread(&[0, 1, 2, 3], &[4, 7]), [4, 4, 7, 7]);
        assert!(spread(&[], &[1, 2]).is_empty());
    }
}
