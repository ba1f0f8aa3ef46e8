//! Which files are meant: files, folders in depth, and patterns that no shell has expanded.

use super::TagError;
use earmark_data::layout::is_audio_name;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders deeper than this are a loop of links rather than an archive.
const MAX_DEPTH: usize = 64;

/// A file to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in every table: its path as it was given or found, folders separated by `/`.
    pub name: String,
    /// Its path below the folder that was given, for files named directly its own name: where its results go below a folder.
    pub below: PathBuf,
}

/// What the words of a command line mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Files, in the order of the words and within a folder sorted by name; none twice.
    pub files: Vec<Input>,
    /// Files in folders that are no audio by their extension: how many, and the first of them.
    pub not_audio: (usize, Option<PathBuf>),
    /// Files that are audio and that no table can name.
    pub unnamed: Vec<(String, String)>,
}

/// Finds what `words` mean: a file, whatever its extension; a folder, which means the audio in it at any depth, hidden files and
/// folders left out; or a pattern with `*`, `?`, `[...]` and `**`, unless there is a file of just that name.
///
/// # Errors
/// A word that means nothing, a folder that can't be listed, and words that mean no audio at all.
pub fn find(words: &[PathBuf]) -> Result<Inputs, TagError> {
    let mut search = Search::default();
    for word in words {
        search.word(word)?;
    }
    let Inputs {
        files,
        not_audio,
        unnamed,
    } = &search.found;
    if files.is_empty() && unnamed.is_empty() {
        let given: Vec<String> = words.iter().map(|w| w.display().to_string()).collect();
        let (what, remedy) = match not_audio {
            (0, _) => (
                "nothing is in it".to_owned(),
                "name a folder that has some, or files",
            ),
            (n, first) => (
                format!(
                    "{n} files and none that ends in {} (the first: {})",
                    earmark_data::layout::AUDIO_EXTENSIONS.join(", "),
                    first.as_deref().unwrap_or(Path::new("")).display()
                ),
                "name files directly to have them read whatever their names end in",
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
    found: Inputs,
    seen: HashSet<PathBuf>,
}

impl Search {
    fn word(&mut self, word: &Path) -> Result<(), TagError> {
        match fs::metadata(word) {
            Ok(found) if found.is_dir() => self.folder(word, word, MAX_DEPTH),
            Ok(_) => {
                let below = word.file_name().map_or_else(|| word.to_path_buf(), PathBuf::from);
                self.file(word, below);
                Ok(())
            }
            Err(error) => {
                let text = word.to_string_lossy();
                if text.contains(['*', '?', '[']) {
                    return self.pattern(&text);
                }
                Err(TagError::Request(format!(
                    "{}: {}; check the path",
                    word.display(),
                    match error.kind() {
                        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
                        _ => error.to_string(),
                    }
                )))
            }
        }
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), TagError> {
        let options = glob::MatchOptions {
            // As a shell does: `*` hides what is hidden and does not reach into folders.
            require_literal_leading_dot: true,
            require_literal_separator: true,
            ..glob::MatchOptions::default()
        };
        let paths = glob::glob_with(pattern, options).map_err(|e| {
            TagError::Request(format!(
                "{pattern}: is no pattern ({} at character {}); correct it, or name the files",
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
                let below = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
                self.file_in_folder(&path, below);
            }
        }
        if any {
            return Ok(());
        }
        Err(TagError::Request(format!(
            "{pattern}: no file fits this pattern; check it (`**` reaches into folders at any depth)"
        )))
    }

    fn folder(&mut self, root: &Path, folder: &Path, depth: usize) -> Result<(), TagError> {
        if depth == 0 {
            return Err(TagError::Request(format!(
                "{}: lies {MAX_DEPTH} folders deep, which is likely a loop of links; name the folders below it",
                folder.display()
            )));
        }
        let listed = fs::read_dir(folder).and_then(|entries| {
            entries
                .map(|e| e.map(|e| e.path()))
                .collect::<std::io::Result<Vec<PathBuf>>>()
        });
        let mut paths = listed.map_err(|e| unlisted(folder, &e))?;
        paths.sort_unstable();
        for path in paths {
            let hidden = path
                .file_name()
                .is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            if hidden {
                continue;
            }
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
            Some(name) => self.found.files.push(Input {
                path: path.to_path_buf(),
                // As tables of other systems have it.
                name: if cfg!(windows) {
                    name.replace('\\', "/")
                } else {
                    name.to_owned()
                },
                below,
            }),
            None => self.found.unnamed.push((
                path.to_string_lossy().into_owned(),
                earmark_data::SkipReason::FileName.to_string(),
            )),
        }
    }
}

fn unlisted(folder: &Path, error: &std::io::Error) -> TagError {
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

    fn names(inputs: &Inputs, root: &Path) -> Vec<String> {
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
    fn words_keep_their_order_and_nothing_comes_twice() {
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
            error.ends_with("no file fits this pattern; check it (`**` reaches into folders at any depth)")
        );
        let error = of("a[.wav").unwrap_err().to_string();
        assert!(error.contains("is no pattern ("), "{error}");
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let dir = tree();
        let error = find(&[dir.path().join("nowhere")]).unwrap_err().to_string();
        assert!(
            error.ends_with("nowhere: no such file or folder; check the path"),
            "{error}"
        );
        fs::create_dir(dir.path().join("empty")).unwrap();
        let error = find(&[dir.path().join("empty")]).unwrap_err().to_string();
        assert!(error.contains("no audio found: nothing is in it"), "{error}");
        fs::write(dir.path().join("empty/a.txt"), "").unwrap();
        let error = find(&[dir.path().join("empty")]).unwrap_err().to_string();
        assert!(
            error.contains("1 files and none that ends in wav, wave,"),
            "{error}"
        );
    }
}
