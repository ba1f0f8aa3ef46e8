//! Which files are tagged: files, folders with all their subfolders, and patterns that no shell has expanded.

use super::TagError;
use earmark_core::human::human_amount;
use earmark_data::SkipReason;
use earmark_data::layout::{AUDIO_EXTENSIONS, is_audio_name};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders deeper than this are a loop of links rather than an archive.
const MAX_DEPTH: usize = 64;

/// A file to tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Its path.
    pub path: PathBuf,
    /// Its name in every table: its path as it was given or found, with `/` between folders.
    pub name: String,
    /// Its path below the folder that was given, or its file name if it was given itself: where its results go below a folder.
    pub below: PathBuf,
}

/// The files that the arguments of a command line stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFiles {
    /// Files, in the order of the arguments and sorted by name within a folder, without duplicates.
    pub files: Vec<InputFile>,
    /// Files in folders without an audio extension: how many, and the first of them.
    pub not_audio: (usize, Option<PathBuf>),
    /// Audio files whose names no table can contain, with the reason.
    pub unnamed: Vec<(String, String)>,
}

/// Finds the files of `words`: a file with any extension; a folder, for all audio in it at any depth except hidden files and folders;
/// or a pattern with `*`, `?`, `[...]` and `**`, unless there is a file of that name.
///
/// # Errors
///
/// For a path that does not exist, a folder that can't be listed, and arguments without any audio.
pub fn find(words: &[PathBuf]) -> Result<InputFiles, TagError> {
    let mut search = Search::default();
    for word in words {
        search.word(word)?;
    }
    let InputFiles {
        files,
        not_audio,
        unnamed,
    } = &search.found;
    if files.is_empty() && unnamed.is_empty() {
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
        return Err(TagError::Request(format!(
            "{}: no audio found: {what}; {remedy}",
            given.join(", ")
        )));
    }
    Ok(search.found)
}

#[derive(Default)]
struct Search {
    found: InputFiles,
    seen: HashSet<PathBuf>,
}

impl Search {
    fn word(&mut self, word: &Path) -> Result<(), TagError> {
        match fs::metadata(word) {
            Ok(found) if found.is_dir() => self.folder(word, word, MAX_DEPTH),
            Ok(_) => {
                self.file(word, file_name(word));
                Ok(())
            }
            Err(_) if word.to_string_lossy().contains(['*', '?', '[']) => {
                self.pattern(&word.to_string_lossy())
            }
            Err(error) => {
                let reason = match error.kind() {
                    io::ErrorKind::NotFound => "no such file or folder".to_owned(),
                    _ => error.to_string(),
                };
                let word = word.display();
                Err(TagError::Request(format!("{word}: {reason}; check the path")))
            }
        }
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), TagError> {
        let options = glob::MatchOptions {
            // As a shell does: `*` matches neither hidden files nor across folders.
            require_literal_leading_dot: true,
            require_literal_separator: true,
            ..glob::MatchOptions::default()
        };
        let paths = glob::glob_with(pattern, options).map_err(|e| {
            TagError::Request(format!(
                "{pattern}: not a valid pattern ({} at character {}); correct it, or name the files",
                e.msg,
                e.pos + 1
            ))
        })?;
        let mut any = false;
        for path in paths {
            let path = path.map_err(|e| unlisted(e.path(), e.error()))?;
            any = true;
            if path.is_dir() {
                self.folder(&path, &path, MAX_DEPTH)?;
            } else {
                self.file_in_folder(&path, file_name(&path));
            }
        }
        if any {
            return Ok(());
        }
        Err(TagError::Request(format!(
            "{pattern}: no file matches this pattern; check it (`**` matches folders at any depth)"
        )))
    }

    fn folder(&mut self, root: &Path, folder: &Path, depth: usize) -> Result<(), TagError> {
        if depth == 0 {
            return Err(TagError::Request(format!(
                "{}: is {MAX_DEPTH} folders deep, which is likely a loop of links; name the folders below it",
                folder.display()
            )));
        }
        let listed = fs::read_dir(folder)
            .and_then(|entries| entries.map(|e| Ok(e?.path())).collect::<io::Result<Vec<_>>>());
        let mut paths = listed.map_err(|e| unlisted(folder, &e))?;
        paths.retain(|path| !file_name(path).as_os_str().as_encoded_bytes().starts_with(b"."));
        paths.sort_unstable();
        for path in paths {
            if path.is_dir() {
                self.folder(root, &path, depth - 1)?;
            } else {
                let below = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
                self.file_in_folder(&path, below);
            }
        }
        Ok(())
    }

    fn file_in_folder(&mut self, path: &Path, below: PathBuf) {
        if is_audio_name(path) {
            self.file(path, below);
        } else if !self.seen.contains(path) {
            let (count, first) = &mut self.found.not_audio;
            *count += 1;
            first.get_or_insert_with(|| path.to_path_buf());
        }
    }

    fn file(&mut self, path: &Path, below: PathBuf) {
        if !self.seen.insert(path.to_path_buf()) {
            return;
        }
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
                self.found.unnamed.push((name, SkipReason::FileName.to_string()));
            }
        }
    }
}

/// A path's last part, or the path where it has none.
fn file_name(path: &Path) -> PathBuf {
    path.file_name().unwrap_or(path.as_os_str()).into()
}

fn unlisted(folder: &Path, error: &io::Error) -> TagError {
    TagError::Request(format!(
        "{}: can't be listed: {error}; check its permissions, or leave it out",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b.wav",
            "a.FLAC",
            "notes.txt",
            ".hidden.wav",
            "deep/er/c.ogg",
            "deep/x.csv",
            ".git/d.wav",
            "z[1].wav",
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        dir
    }

    fn names(inputs: &InputFiles, root: &Path) -> Vec<String> {
        let root = format!("{}/", root.to_str().unwrap());
        inputs.files.iter().map(|f| f.name.replace(&root, "")).collect()
    }

    #[test]
    fn folders_are_searched_in_depth() {
        let dir = tree();
        let found = find(&[dir.path().to_path_buf()]).unwrap();
        assert_eq!(
            names(&found, dir.path()),
            ["a.FLAC", "b.wav", "deep/er/c.ogg", "z[1].wav"]
        );
        assert_eq!(found.files[2].below, Path::new("deep/er/c.ogg"));
        assert_eq!(found.not_audio, (2, Some(dir.path().join("deep/x.csv"))));
    }

    #[test]
    fn arguments_keep_their_order_without_duplicates() {
        let dir = tree();
        let at = |name: &str| dir.path().join(name);
        let found = find(&[at("notes.txt"), at("deep"), at("b.wav"), at("."), at("b.wav")]).unwrap();
        // `.` names the same files by other paths.
        assert_eq!(
            names(&found, dir.path())[..3],
            ["notes.txt", "deep/er/c.ogg", "b.wav"]
        );
        let found = find(&[at("b.wav"), dir.path().to_path_buf()]).unwrap();
        assert_eq!(
            names(&found, dir.path()),
            ["b.wav", "a.FLAC", "deep/er/c.ogg", "z[1].wav"]
        );
    }

    #[test]
    fn patterns_are_expanded_unless_a_file_has_that_name() {
        let dir = tree();
        let of = |pattern: &str| find(&[dir.path().join(pattern)]).map(|f| names(&f, dir.path()));
        assert_eq!(of("*.wav").unwrap(), ["b.wav", "z[1].wav"]);
        assert_eq!(of("**/*.ogg").unwrap(), ["deep/er/c.ogg"]);
        assert_eq!(of("?.wav").unwrap(), ["b.wav"]);
        assert_eq!(of("z[1].wav").unwrap(), ["z[1].wav"]);
        assert_eq!(of("*").unwrap(), ["a.FLAC", "b.wav", "deep/er/c.ogg", "z[1].wav"]);
        let error = of("*.mp3").unwrap_err().to_string();
        assert!(
            error.ends_with("no file matches this pattern; check it (`**` matches folders at any depth)")
        );
        let error = of("a[.wav").unwrap_err().to_string();
        assert!(error.contains("not a valid pattern ("), "{error}");
    }

    #[test]
    fn paths_without_audio_are_refused() {
        let dir = tree();
        let error = find(&[dir.path().join("nowhere")]).unwrap_err().to_string();
        assert!(
            error.ends_with("nowhere: no such file or folder; check the path"),
            "{error}"
        );
        fs::create_dir(dir.path().join("empty")).unwrap();
        let error = find(&[dir.path().join("empty")]).unwrap_err().to_string();
        assert!(
            error.contains("no audio found: there are no files in it"),
            "{error}"
        );
        fs::write(dir.path().join("empty/a.txt"), "").unwrap();
        let error = find(&[dir.path().join("empty")]).unwrap_err().to_string();
        assert!(error.contains("no file ends in wav, wave,"), "{error}");
    }
}
