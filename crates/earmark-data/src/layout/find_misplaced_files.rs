//! Files that are not where their table says: found by name, or named as the likely cause.
//!
//! A cell may lack the folder or the extension, or have backslashes, another letter case, or accents as characters of
//! their own. A file that fits is taken if no other one fits and no other row means it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use earmark_core::human::human_amount;
use earmark_core::text::composed;

use super::audio_files::{files_below, is_audio_name};
use super::interface::Rows;
use crate::dataset::description::below;
use crate::dataset::item::Item;

/// The audio files below a folder, by plain name without folder and extension.
pub(super) struct FileIndex {
    root: PathBuf,
    by_stem: HashMap<String, Vec<PathBuf>>,
}

/// How a cell differs from the path of the file that it means, in the order of the note.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    Extension,
    Backslashes,
    LetterCase,
    Accents,
    Folder,
    Elsewhere,
}

impl Difference {
    fn words(self) -> &'static str {
        match self {
            Self::Extension => "without extension",
            Self::Backslashes => "with backslashes",
            Self::LetterCase => "in another letter case",
            Self::Accents => "with its accents in another form of Unicode",
            Self::Folder => "without the folder",
            Self::Elsewhere => "with the path of another place",
        }
    }
}

impl FileIndex {
    /// Lists the folder. What can't be listed can't be offered: a loop of links leaves the index empty.
    pub fn new(root: &Path) -> Self {
        let mut by_stem: HashMap<String, Vec<PathBuf>> = HashMap::new();
        let files = files_below(root).unwrap_or_default();
        for path in files.into_iter().filter(|path| is_audio_name(path)) {
            let stem = path.file_stem().map(|stem| plain(&stem.to_string_lossy()));
            by_stem.entry(stem.unwrap_or_default()).or_default().push(path);
        }
        Self {
            root: root.to_owned(),
            by_stem,
        }
    }

    /// The files that a cell may mean: the end of their path is what it says, except for letter case, slashes and a
    /// missing extension. Of a whole path, as another computer has it, the end must be theirs.
    pub fn fitting(&self, cell: &str) -> Vec<&PathBuf> {
        let wanted = pieces(cell);
        let fits = |path: &&PathBuf| {
            let mut found = pieces(&below(&self.root, path));
            if !is_audio_name(Path::new(cell)) {
                without_extension(&mut found);
            }
            found.ends_with(&wanted) || is_whole(cell) && wanted.ends_with(&found)
        };
        self.same_stem(cell).iter().filter(fits).collect()
    }

    /// The files of this name, with any folder and extension.
    fn same_stem(&self, cell: &str) -> &[PathBuf] {
        let mut wanted = pieces(cell);
        if is_audio_name(Path::new(cell)) {
            without_extension(&mut wanted);
        }
        let files = wanted.last().and_then(|stem| self.by_stem.get(stem));
        files.map(Vec::as_slice).unwrap_or_default()
    }

    /// Why a file is probably not there, as a clause behind "looked for X, but"; `searched` says that the one that fits
    /// would have been taken.
    pub fn cause(&self, cell: &str, searched: bool) -> String {
        let quoted = |paths: &[&PathBuf]| {
            let names: Vec<String> = paths
                .iter()
                .map(|path| format!("{:?}", below(&self.root, path)))
                .collect();
            match names.len() {
                0..=3 => names.join(", "),
                n => format!("{} and {} more", names[..3].join(", "), n - 3),
            }
        };
        let fitting = self.fitting(cell);
        let named: Vec<&PathBuf> = self.same_stem(cell).iter().collect();
        let wanted = Path::new(cell).extension();
        let (same, other): (Vec<&PathBuf>, Vec<&PathBuf>) = named
            .into_iter()
            .partition(|path| wanted.is_some() && path.extension() == wanted);
        if self.by_stem.is_empty() {
            return "there is no audio in the folder".to_owned();
        }
        match (fitting.len(), same.is_empty(), other.is_empty()) {
            (1, ..) if searched => format!("{} is what another row means too", quoted(&fitting)),
            (1, ..) => format!("the file that fits is {}", quoted(&fitting)),
            (2.., ..) => format!(
                "several files fit ({}): write the folder into the table",
                quoted(&fitting)
            ),
            (_, false, _) => format!("the file is in another folder: {}", quoted(&same)),
            (_, _, false) => format!("the file has another extension: {}", quoted(&other)),
            _ => "no file in the folder has this name".to_owned(),
        }
    }
}

/// A name in lower case, with accented letters composed.
fn plain(name: &str) -> String {
    composed(name).to_lowercase()
}

/// The plain pieces of a path, without `.`; backslashes separate as slashes do.
fn pieces(path: &str) -> Vec<String> {
    let lower = plain(path);
    let pieces = lower
        .split(['/', '\\'])
        .filter(|piece| !matches!(*piece, "" | "." | ".."));
    pieces.map(str::to_owned).collect()
}

/// Whether a cell is a path from the root of some system.
fn is_whole(cell: &str) -> bool {
    cell.starts_with(['/', '\\']) || cell.as_bytes().get(1) == Some(&b':')
}

/// Removes the extension of the last piece.
fn without_extension(pieces: &mut [String]) {
    if let Some(last) = pieces.last_mut()
        && let Some((stem, _)) = last.rsplit_once('.')
    {
        *last = stem.to_owned();
    }
}

fn difference(cell: &str, found: &str) -> Difference {
    let slashes = cell.replace('\\', "/");
    if is_whole(cell) {
        Difference::Elsewhere
    } else if !is_audio_name(Path::new(cell)) {
        Difference::Extension
    } else if slashes != cell {
        Difference::Backslashes
    } else if slashes.to_lowercase() == found.to_lowercase() {
        Difference::LetterCase
    } else if plain(&slashes) == plain(found) {
        Difference::Accents
    } else {
        Difference::Folder
    }
}

/// Finds the files of rows that are not at their path, first relative to the data folder, then by name; says what was
/// found how.
pub(super) fn find_files(root: &Path, rows: &mut Rows) {
    for row in rows.rows.iter_mut().filter(|row| !row.item.path.is_file()) {
        let from_root = root.join(&row.item.file);
        if from_root.is_file() {
            row.item.path = from_root;
        }
    }
    let is_missing = |item: &Item| !item.path.is_file();
    if !rows.rows.iter().any(|row| is_missing(&row.item)) {
        return;
    }
    let index = FileIndex::new(root);
    // Two spellings of a path are one file.
    let key = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let mut users: HashMap<PathBuf, Vec<(usize, PathBuf)>> = HashMap::new();
    for (at, row) in rows.rows.iter().enumerate() {
        let path = match is_missing(&row.item) {
            false => row.item.path.clone(),
            true => match index.fitting(&row.item.file)[..] {
                [path] => path.clone(),
                _ => continue,
            },
        };
        users.entry(key(&path)).or_default().push((at, path));
    }
    let mut found: BTreeMap<Difference, Vec<usize>> = BTreeMap::new();
    for user in users.into_values() {
        let Ok([(at, path)]) = <[(usize, PathBuf); 1]>::try_from(user) else {
            continue;
        };
        let item = &mut rows.rows[at].item;
        if is_missing(item) {
            let how = difference(&item.file, &below(root, &path));
            item.path = path;
            found.entry(how).or_default().push(at);
        }
    }
    for (how, at) in found {
        let Some(first) = at.iter().min().map(|&at| &rows.rows[at].item) else {
            continue;
        };
        rows.notes.push(format!(
            "{} found by name, listed {}: {:?} is {:?}",
            human_amount(at.len(), "file", "files"),
            how.words(),
            first.file,
            below(root, &first.path)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(files: &[&str]) -> (tempfile::TempDir, FileIndex) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let index = FileIndex::new(dir.path());
        (dir, index)
    }

    #[test]
    fn names_fit_by_the_end_of_their_path() {
        let (dir, index) = index(&["audio/fold1/Dog.1.wav", "audio/fold2/cat.ogg", "notes.txt"]);
        let fitting = |cell: &str| -> Vec<String> {
            let found = index.fitting(cell);
            found.iter().map(|path| below(dir.path(), path)).collect()
        };
        for cell in [
            "Dog.1.wav",
            "dog.1.WAV",
            "Dog.1",
            "fold1\\Dog.1.wav",
            "./audio/fold1/dog.1.wav",
            "../fold1/Dog.1",
            "/home/me/sounds/audio/fold1/dog.1.wav",
            "C:\\sounds\\audio\\fold1\\Dog.1",
        ] {
            assert_eq!(fitting(cell), ["audio/fold1/Dog.1.wav"], "{cell}");
        }
        for cell in [
            "fold2/Dog.1.wav",
            "Dog",
            "og.1.wav",
            "Dog.1.flac",
            "notes",
            "",
            "/home/me/fold1/Dog.1.wav",
        ] {
            assert!(fitting(cell).is_empty(), "{cell}");
        }
    }

    #[test]
    fn the_likely_cause_is_named() {
        let (_dir, index) = index(&["a/x.wav", "b/x.wav", "a/y.ogg"]);
        assert_eq!(
            index.cause("x.wav", true),
            "several files fit (\"a/x.wav\", \"b/x.wav\"): write the folder into the table"
        );
        assert_eq!(
            index.cause("c/x.wav", true),
            "the file is in another folder: \"a/x.wav\", \"b/x.wav\""
        );
        assert_eq!(
            index.cause("y.wav", true),
            "the file has another extension: \"a/y.ogg\""
        );
        assert_eq!(index.cause("z.wav", true), "no file in the folder has this name");
        assert_eq!(
            FileIndex::new(Path::new("nowhere")).cause("z.wav", true),
            "there is no audio in the folder"
        );
    }
}
