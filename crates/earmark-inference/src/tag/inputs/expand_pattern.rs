//! The paths that a pattern matches, in the order in which a shell gives them: as it is walked, by name within each folder.
//!
//! The crate `glob` matches names; its own walk panics at names that are not UTF-8, and follows links without end.

use super::{is_hidden, real_path};
use glob::{MatchOptions, Pattern, PatternError};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{self, Component, Path, PathBuf};

/// What a pattern matches.
#[derive(Default)]
pub(super) struct Matches {
    pub paths: Vec<PathBuf>,
    /// Folders that it had to look into and could not.
    pub unlisted: Vec<(PathBuf, io::Error)>,
}

/// A part of a pattern between two separators.
enum Part {
    /// A name without wildcards.
    Name(String),
    /// `**`: any number of folders.
    AnyFolders,
    Wild(Pattern),
}

struct Walk {
    parts: Vec<Part>,
    /// The pattern ends in a separator.
    only_folders: bool,
    found: Matches,
    /// Real paths that were looked into, each with the part that was looked for: links that lead back end here.
    looked: HashSet<(PathBuf, usize)>,
}

impl Matches {
    /// Looks for what matches. Names that are not UTF-8 match with a replacement character for what is odd in them.
    pub fn of(pattern: &str) -> Result<Self, PatternError> {
        // The whole, so that positions in errors are those of the argument.
        Pattern::new(pattern)?;
        let (start, rest) = start_and_rest(pattern);
        let mut parts = Vec::new();
        for text in rest
            .split_terminator(path::is_separator)
            .filter(|text| !text.is_empty())
        {
            match text {
                // Names of the current folder are without it.
                "." if parts.is_empty() && start.as_os_str().is_empty() => {}
                "**" if matches!(parts.last(), Some(Part::AnyFolders)) => {}
                "**" => parts.push(Part::AnyFolders),
                _ if text.contains(['*', '?', '[']) => parts.push(Part::Wild(Pattern::new(text)?)),
                _ => parts.push(Part::Name(text.to_owned())),
            }
        }
        let mut walk = Walk {
            parts,
            only_folders: pattern.ends_with(path::is_separator),
            found: Self::default(),
            looked: HashSet::new(),
        };
        walk.look_into_folder(&start, 0);
        Ok(walk.found)
    }
}

/// The root that a pattern begins with, empty for the current folder, and what follows.
fn start_and_rest(pattern: &str) -> (PathBuf, &str) {
    let root = |part: &Component| matches!(part, Component::Prefix(_) | Component::RootDir);
    let start: PathBuf = Path::new(pattern).components().take_while(root).collect();
    let length = start.as_os_str().len().min(pattern.len());
    match pattern.is_char_boundary(length) {
        true => (start, &pattern[length..]),
        false => (PathBuf::new(), pattern),
    }
}

impl Walk {
    /// Looks into a folder for the parts from `at` on.
    fn look_into_folder(&mut self, folder: &Path, at: usize) {
        match self.parts.get(at) {
            None => {}
            Some(Part::Name(name)) => {
                let path = folder.join(name);
                if fs::symlink_metadata(&path).is_ok() {
                    self.matched(path, at);
                }
            }
            Some(Part::AnyFolders | Part::Wild(_)) => {
                for (name, path) in self.children(folder, at) {
                    self.child(&name, path, at);
                }
            }
        }
    }

    /// Looks at what is in a folder whose entries are to match the parts from `at` on.
    fn child(&mut self, name: &str, path: PathBuf, at: usize) {
        match &self.parts[at] {
            Part::AnyFolders => {
                let is_folder = path.is_dir();
                if at + 1 < self.parts.len() {
                    self.entry(name, path.clone(), at + 1);
                } else if is_folder {
                    self.found.paths.push(path.clone());
                }
                if is_folder {
                    self.look_into_folder(&path, at);
                }
            }
            _ => self.entry(name, path, at),
        }
    }

    /// Compares an entry with the part `at`.
    fn entry(&mut self, name: &str, path: PathBuf, at: usize) {
        let matches = match &self.parts[at] {
            Part::Name(wanted) => wanted == name,
            Part::Wild(pattern) => pattern.matches_with(name, options()),
            Part::AnyFolders => false,
        };
        if matches {
            self.matched(path, at);
        }
    }

    /// A path that matches the parts up to `at`.
    fn matched(&mut self, path: PathBuf, at: usize) {
        if at + 1 < self.parts.len() {
            self.look_into_folder(&path, at + 1);
        } else if !self.only_folders || path.is_dir() {
            self.found.paths.push(path);
        }
    }

    /// The entries of a folder by name, without hidden ones; none where it is a file or was looked into for the same part.
    fn children(&mut self, folder: &Path, at: usize) -> Vec<(String, PathBuf)> {
        let here = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        if !here.is_dir() || !self.looked.insert((real_path(here), at)) {
            return Vec::new();
        }
        let listed = fs::read_dir(here).and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.file_name()))
                .collect::<io::Result<Vec<_>>>()
        });
        let mut names: Vec<OsString> = match listed {
            Ok(names) => names,
            Err(error) => {
                self.found.unlisted.push((here.to_path_buf(), error));
                return Vec::new();
            }
        };
        names.retain(|name| !is_hidden(name));
        names.sort_unstable();
        let child = |name: OsString| (name.to_string_lossy().into_owned(), folder.join(&name));
        names.into_iter().map(child).collect()
    }
}

/// As a shell matches: `*` neither hidden files nor across folders.
fn options() -> MatchOptions {
    MatchOptions {
        require_literal_leading_dot: true,
        require_literal_separator: true,
        ..MatchOptions::default()
    }
}
