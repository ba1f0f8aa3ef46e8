//! Which files are tagged: files, folders with all their subfolders, patterns that no shell has expanded, what is at an
//! address, and what a table names.

mod addresses;
mod expand_pattern;
mod recordings_of_table;
mod repeated;
mod walk_folder;

pub use addresses::expanded;
pub(crate) use addresses::is_listed;
use recordings_of_table::below_of;
pub use recordings_of_table::recordings_of_table;
pub use repeated::{Repeated, once};

use super::TagError;
use crate::shards::{Shard, ShardListing};
use addresses::{AtAddress, look};
use earmark_core::human::human_amount;
use earmark_core::remote;
use earmark_data::SkipReason;
use earmark_data::layout::{AUDIO_EXTENSIONS, is_audio_name};
use expand_pattern::Matches;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use walk_folder::FolderWalk;

/// A file to tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Its path.
    pub path: PathBuf,
    /// Its name in every table: its path as it was given or found, with `/` between folders.
    pub name: String,
    /// Its path below the folder that was given, or its file name if it was given itself: where its results go below a
    /// folder.
    pub below: PathBuf,
}

impl InputFile {
    /// Its path below the folder that was given, with `/` between folders on every system.
    pub fn path_below(&self) -> String {
        let below = self.below.to_string_lossy();
        match cfg!(windows) {
            true => below.replace('\\', "/"),
            false => below.into_owned(),
        }
    }
}

/// The files that the arguments of a command line stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFiles {
    /// Files, in the order of the arguments and sorted by name within a folder. Each recording is there once, whatever
    /// links lead to it, under the first of its names; within a folder under its own rather than that of a link.
    pub files: Vec<InputFile>,
    /// Files in folders without an audio extension: how many, and the first of them.
    pub not_audio: (usize, Option<PathBuf>),
    /// Names of recordings and folders that are there already.
    pub repeated: Repeated,
    /// What was left out, with the reason: files whose names no table can contain, folders that can't be listed.
    pub left_out: Vec<(String, String)>,
}

impl InputFiles {
    /// Those of a shard, and which of all they are. What was left out of folders is left out of one of the shards.
    pub fn of_shard(&self, shard: Shard) -> (Self, ShardListing) {
        let below: Vec<String> = self.files.iter().map(InputFile::path_below).collect();
        let all = below.iter().zip(&self.files);
        let listing = ShardListing::new(
            shard,
            all.map(|(below, file)| (below.as_str(), file.name.as_str(), file.path.as_path())),
        );
        let files = listing.files.iter().map(|(place, _)| self.files[*place].clone());
        let left_out = self.left_out.iter().filter(|(name, _)| shard.has(name));
        let files = Self {
            files: files.collect(),
            not_audio: self.not_audio.clone(),
            repeated: self.repeated.clone(),
            left_out: left_out.cloned().collect(),
        };
        (files, listing)
    }
}

/// Finds the files of `words`: a file with any extension; a folder, for all audio in it at any depth except hidden
/// files and folders; or a pattern with `*`, `?`, `[...]` and `**`, unless there is a file of that name. Links are
/// followed, each folder once. Of an address such as `s3://bucket/in`, all audio below it; of one that ends as audio
/// does, and of any of a web server, that recording.
///
/// # Errors
///
/// For a path that does not exist, and arguments without any audio.
pub fn find(words: &[PathBuf]) -> Result<InputFiles, TagError> {
    find_with(words, &[])
}

/// As [`find`], and the recordings that tables name. One of those that is not there costs itself alone.
///
/// # Errors
///
/// As [`find`], and for a table that can't be read.
pub fn find_with(words: &[PathBuf], tables: &[PathBuf]) -> Result<InputFiles, TagError> {
    let mut search = Search::default();
    for word in words {
        search.word(word)?;
    }
    for table in tables {
        search.table(table)?;
    }
    let found = search.found;
    if let (true, Some((folder, reason))) = (found.files.is_empty(), search.unlisted.first()) {
        return Err(TagError::Request(format!("{folder}: {reason}")));
    }
    if found.files.is_empty() && found.left_out.is_empty() {
        let given: Vec<PathBuf> = words.iter().chain(tables).cloned().collect();
        return Err(no_audio(&given, &found.not_audio));
    }
    Ok(found)
}

/// All audio in folders, of which there may be none.
pub fn find_in_folders(folders: &[PathBuf]) -> InputFiles {
    let mut search = Search::default();
    for folder in folders {
        search.folder(folder);
    }
    search.found
}

fn no_audio(words: &[PathBuf], not_audio: &(usize, Option<PathBuf>)) -> TagError {
    let given: Vec<String> = words.iter().map(|w| w.display().to_string()).collect();
    let (what, remedy) = match not_audio {
        (0, _) => (
            "there are no files in it".to_owned(),
            "name a folder with recordings, or files",
        ),
        (n, first) => (
            format!(
                "no file ends in {} ({}, the first: {})",
                AUDIO_EXTENSIONS.join(", "),
                human_amount(*n, "file", "files"),
                first.as_deref().unwrap_or(Path::new("")).display()
            ),
            "name files directly to tag them whatever their extension",
        ),
    };
    TagError::Request(format!("{}: no audio found: {what}; {remedy}", given.join(", ")))
}

#[derive(Default)]
struct Search {
    found: InputFiles,
    /// Real paths of the files so far.
    seen: HashSet<PathBuf>,
    /// Folders that can't be listed; they are left out, too.
    unlisted: Vec<(String, String)>,
}

impl Search {
    fn word(&mut self, word: &Path) -> Result<(), TagError> {
        let named = remote::named_by(word);
        let named = named.map_err(|e| TagError::Request(format!("{}: {e}", word.display())))?;
        let word: &Path = &named;
        if let Some(address) = remote::address(word) {
            let found = look(word, address).map_err(|e| TagError::Request(format!("{address}: {e}")))?;
            self.at_address(word, found);
            return Ok(());
        }
        match fs::metadata(word) {
            Ok(found) if found.is_dir() => {
                self.folder(word);
                Ok(())
            }
            Ok(_) => {
                self.file(word, file_name(word));
                Ok(())
            }
            // A link that leads nowhere is there all the same, as where a shell expanded `*`: it costs its own
            // recording alone.
            Err(_) if fs::symlink_metadata(word).is_ok() => {
                self.file(word, file_name(word));
                Ok(())
            }
            Err(error) => match word.to_str().filter(|word| word.contains(['*', '?', '['])) {
                Some(pattern) => self.pattern(pattern),
                None => {
                    let reason = match error.kind() {
                        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
                        _ => error.to_string(),
                    };
                    let word = word.display();
                    Err(TagError::Request(format!("{word}: {reason}; check the path")))
                }
            },
        }
    }

    fn at_address(&mut self, word: &Path, found: AtAddress) {
        match found {
            AtAddress::Recording(name) => self.file(word, name),
            AtAddress::Listed(entries) => {
                for entry in entries {
                    self.file_in_folder(Path::new(&entry.address), PathBuf::from(entry.below));
                }
            }
        }
    }

    fn table(&mut self, table: &Path) -> Result<(), TagError> {
        for path in recordings_of_table(table)? {
            self.file(&path, below_of(table, &path));
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), TagError> {
        let matches = Matches::of(pattern).map_err(|e| {
            TagError::Request(format!(
                "{pattern}: not a valid pattern ({} at character {}); correct it, or name the files",
                e.msg,
                e.pos + 1
            ))
        })?;
        self.unlisted(&matches.unlisted);
        if matches.paths.is_empty() && matches.unlisted.is_empty() {
            return Err(TagError::Request(format!(
                "{pattern}: no file matches this pattern; check it (`**` matches folders at any depth)"
            )));
        }
        // A file that the pattern matches, and the folder around it, too, is not a slip.
        let repeated = self.found.repeated.clone();
        let has_folders = matches.paths.iter().any(|path| path.is_dir());
        for path in matches.paths {
            if path.is_dir() {
                self.folder(&path);
            } else {
                self.file_in_folder(&path, file_name(&path));
            }
        }
        if has_folders {
            self.found.repeated = repeated;
        }
        Ok(())
    }

    fn folder(&mut self, root: &Path) {
        let walk = FolderWalk::of(root);
        self.unlisted(&walk.unlisted);
        // Links come second, so that a recording keeps its own name; the order is by name all the same.
        let real = walk.files.iter().filter(|file| !file.by_link);
        let links = walk.files.iter().filter(|file| file.by_link);
        let mut new: HashSet<&Path> = HashSet::new();
        for file in real.chain(links) {
            if self.seen.insert(real_path(&file.path)) {
                new.insert(&file.path);
            } else if is_audio_name(&file.path) {
                self.found.repeated.add(&file.path);
            }
        }
        self.found.repeated.extend(walk.repeated);
        for file in walk.files.iter().filter(|file| new.contains(file.path.as_path())) {
            let below = file.path.strip_prefix(root).unwrap_or(&file.path);
            match is_audio_name(&file.path) {
                true => self.add(&file.path, below.to_path_buf()),
                false => self.count_other(&file.path),
            }
        }
    }

    fn file_in_folder(&mut self, path: &Path, below: PathBuf) {
        if is_audio_name(path) {
            self.file(path, below);
        } else if self.seen.insert(real_path(path)) {
            self.count_other(path);
        }
    }

    fn file(&mut self, path: &Path, below: PathBuf) {
        match self.seen.insert(real_path(path)) {
            true => self.add(path, below),
            false => self.found.repeated.add(path),
        }
    }

    /// A file without an audio extension.
    fn count_other(&mut self, path: &Path) {
        let (count, first) = &mut self.found.not_audio;
        *count += 1;
        first.get_or_insert_with(|| path.to_path_buf());
    }

    /// A file that is new.
    fn add(&mut self, path: &Path, below: PathBuf) {
        match path.to_str() {
            Some(name) => self.found.files.push(InputFile {
                path: path.to_path_buf(),
                // As in tables of other systems.
                name: match cfg!(windows) {
                    true => name.replace('\\', "/"),
                    false => name.to_owned(),
                },
                below,
            }),
            None => {
                let name = path.to_string_lossy().into_owned();
                self.found.left_out.push((name, SkipReason::FileName.to_string()));
            }
        }
    }

    fn unlisted(&mut self, folders: &[(PathBuf, io::Error)]) {
        for (folder, error) in folders {
            let reason = format!("can't be listed: {error}; check its permissions, or leave it out");
            let folder = (folder.to_string_lossy().into_owned(), reason);
            self.unlisted.push(folder.clone());
            self.found.left_out.push(folder);
        }
    }
}

/// A path's last part, or the path where it has none.
fn file_name(path: &Path) -> PathBuf {
    path.file_name().unwrap_or(path.as_os_str()).into()
}

/// Where a path leads; itself where it leads nowhere, which shows when it is opened.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Whether a name is hidden, as shells take it.
fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests;
