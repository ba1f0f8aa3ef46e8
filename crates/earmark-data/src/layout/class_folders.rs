//! What the folders of a level are: classes, or subsets or folds with the classes inside.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::audio_files::{files_below, has_audio, is_audio_name, visible};
use crate::dataset::error::DataError;
use crate::dataset::test_subset::usual_subset;
use crate::wording::quoted;

/// Names that a note gives at most.
const NAMED: usize = 4;

/// The folders of a level.
pub(super) enum Level {
    /// One per class.
    Classes,
    /// Some are parts of the set; the classes are inside them.
    Parts(Parts),
    /// All are named like parts, but hold recordings where their class folders should be.
    BareParts(Parts),
}

/// Folders that are parts of the set.
pub(super) struct Parts {
    pub folders: Vec<(PathBuf, Part)>,
    /// Folders next to them.
    pub others: Vec<PathBuf>,
}

/// What a folder's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Subset(String),
    Fold(u32),
}

/// How the audio in a folder is arranged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    /// None at all.
    Empty,
    /// Directly in it, as in a class folder.
    Direct,
    /// In folders in it, as in a subset.
    Inside,
}

impl Part {
    /// The subset or the fold that a folder's name means.
    pub fn of(folder: &Path) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.trim().to_lowercase();
        if let Some(subset) = usual_subset(&name) {
            return Some(Self::Subset(subset.to_owned()));
        }
        let number = name.strip_prefix("fold")?.trim_start_matches([' ', '_', '-']);
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        number.parse().ok().filter(|_| digits).map(Self::Fold)
    }

    pub fn is_subset(&self) -> bool {
        matches!(self, Self::Subset(_))
    }
}

/// Where most of the recordings below a folder are: a stray file does not make a class of a subset.
fn arrangement(folder: &Path) -> Result<Arrangement, DataError> {
    let files = files_below(folder)?;
    let audio = || files.iter().filter(|path| is_audio_name(path));
    let direct = audio().filter(|path| path.parent() == Some(folder)).count();
    let all = audio().count();
    Ok(match (direct, all - direct) {
        (0, 0) => Arrangement::Empty,
        (direct, inside) if direct >= inside => Arrangement::Direct,
        _ => Arrangement::Inside,
    })
}

/// Whether several folders have audio.
pub(super) fn has_class_folders(root: &Path) -> Result<bool, DataError> {
    let mut audible = 0;
    for folder in visible(root)?.1 {
        audible += usize::from(has_audio(&folder)?);
    }
    Ok(audible > 1)
}

/// Whether the folders give labels: as class folders, where several of them have audio, or as parts with class folders
/// inside, of which there may be one. Parts with recordings directly in them give none.
pub(super) fn folders_give_labels(root: &Path, several_have_audio: bool) -> Result<bool, DataError> {
    match level(root)? {
        Level::Parts(_) => Ok(true),
        Level::BareParts(_) => Ok(false),
        Level::Classes => Ok(several_have_audio),
    }
}

/// What the folders in `folder` are. Names alone don't decide: a class may be called `train`. A folder is a part where
/// its recordings are one level further down; with other folders next to them, two such parts are needed, unless all
/// others have their recordings directly in them.
pub(super) fn level(folder: &Path) -> Result<Level, DataError> {
    let (_, folders) = visible(folder)?;
    let mut parts = Vec::new();
    let mut others = Vec::new();
    for path in folders {
        match Part::of(&path) {
            Some(part) => parts.push((arrangement(&path)?, path, part)),
            None => others.push(path),
        }
    }
    if parts.is_empty() {
        return Ok(Level::Classes);
    }
    // Subsets contain folds rather than the other way round.
    if parts.iter().any(|(_, _, part)| part.is_subset()) {
        let (subsets, folds): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, _, part)| part.is_subset());
        parts = subsets;
        others.extend(folds.into_iter().map(|(_, path, _)| path));
    }
    let mut arranged = Vec::new();
    for path in &others {
        arranged.push(arrangement(path)?);
    }
    let count = |wanted: Arrangement| parts.iter().filter(|(how, ..)| *how == wanted).count();
    let (inside, direct) = (count(Arrangement::Inside), count(Arrangement::Direct));
    let are_parts = match inside {
        0 => direct > 0 && arranged.iter().all(|how| *how == Arrangement::Empty),
        1 => !arranged.contains(&Arrangement::Inside),
        _ => true,
    };
    if !are_parts {
        return Ok(Level::Classes);
    }
    let folders: Vec<(PathBuf, Part)> = parts.into_iter().map(|(_, path, part)| (path, part)).collect();
    let parts = Parts { folders, others };
    Ok(match inside {
        0 => Level::BareParts(parts),
        _ => Level::Parts(parts),
    })
}

/// What to know about class folders that all contain folders of the same names: those may be the classes, and the outer
/// ones parts.
pub(super) fn classes_inside(folders: &[PathBuf]) -> Option<String> {
    let inside = |folder: &PathBuf| -> BTreeSet<String> {
        // One that can't be listed is named elsewhere.
        let inner = visible(folder).map(|(_, inner)| inner).unwrap_or_default();
        inner.iter().map(|path| folder_name(path)).collect()
    };
    let common = folders.iter().map(inside).reduce(|all, own| &all & &own)?;
    let common: Vec<String> = common.into_iter().collect();
    let outer: Vec<String> = folders.iter().map(|path| folder_name(path)).collect();
    (outer.len() > 1 && common.len() > 1).then(|| {
        format!(
            "the class folders {} all contain the folders {}: if those are the classes, the outer ones are subsets or \
             folds; name them `train` and `test`, or `fold1` and `fold2`",
            some_names(&outer),
            some_names(&common)
        )
    })
}

/// The first names in quotes, and how many more there are.
fn some_names(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 => quoted(names, ", "),
        more => format!("{} and {more} more", quoted(&names[..NAMED], ", ")),
    }
}

/// The names of folders, in quotes.
pub(super) fn folder_names<'a>(folders: impl IntoIterator<Item = &'a PathBuf>) -> String {
    let names: Vec<String> = folders.into_iter().map(|path| folder_name(path)).collect();
    quoted(&names, ", ")
}

fn folder_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts() {
        let of = |name: &str| Part::of(Path::new(name));
        for name in ["train", "Train", "TEST", "val", "Validation ", "eval"] {
            assert_eq!(of(name), Some(Part::Subset(name.trim().to_lowercase())), "{name}");
        }
        assert_eq!(of("Test_Set"), Some(Part::Subset("test".into())));
        for (name, fold) in [("fold1", 1), ("Fold_02", 2), ("fold-10", 10), ("FOLD 3", 3)] {
            assert_eq!(of(name), Some(Part::Fold(fold)), "{name}");
        }
        for name in [
            "trains",
            "testing ground",
            "fold",
            "folding1",
            "fold1a",
            "fold+1",
            "dog",
            "",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
