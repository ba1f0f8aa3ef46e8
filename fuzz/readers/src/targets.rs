//! The list of fuzz targets, `fuzz/targets.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::mutate;

const LIST: &str = include_str!("../../targets.txt");

/// A fuzz target: a reader, or a few of one kind.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Mutations of its seeds that `cargo test` tries.
    pub mutations: usize,
    /// Its longest input, in bytes.
    pub longest: usize,
    dictionary: String,
    seeds: Vec<String>,
}

/// All targets.
///
/// # Panics
/// Where the list is not as its first lines say.
pub fn targets() -> Vec<Target> {
    let lines = LIST
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| parse(line).unwrap_or_else(|| panic!("targets.txt: {line}")))
        .collect()
}

fn parse(line: &str) -> Option<Target> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let name = words.next()?;
    let _feature = words.next()?;
    Some(Target {
        name,
        mutations: words.next()?.parse().ok()?,
        longest: words.next()?.parse().ok()?,
        dictionary: words.next()?,
        seeds: words.collect(),
    })
}

impl Target {
    /// The words of its dictionary; empty without one.
    ///
    /// # Panics
    /// When the dictionary can't be read.
    pub fn words(&self) -> Vec<Vec<u8>> {
        if self.dictionary == "-" {
            return Vec::new();
        }
        let path = root().join(format!("fuzz/dictionaries/{}.dict", self.dictionary));
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        mutate::words(&text)
    }

    /// The names and contents of its seeds, in the order of their names.
    ///
    /// # Panics
    /// When they can't be read.
    pub fn seeds(&self) -> Vec<(String, Vec<u8>)> {
        let mut paths = Vec::new();
        for place in &self.seeds {
            let (folder, ending) = place.split_once("/*").unwrap_or((place, ""));
            files(&root().join(folder), ending, &mut paths);
        }
        paths.sort();
        let read = |path: &PathBuf| fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        paths
            .iter()
            .map(|path| (path.display().to_string(), read(path)))
            .collect()
    }
}

/// Adds the files in a folder and below it.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
            .path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
