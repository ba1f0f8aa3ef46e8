//! What a file of events is called, and which recording it is about.

use std::path::Path;

/// A file of events.
pub(super) struct Source {
    /// Its name, for errors.
    pub place: String,
    /// The recording that it is about if it names none.
    pub recording: String,
}

impl Source {
    /// The file at `path`; `name` is its path below the folder that was given.
    pub fn new(path: &Path, name: &Path) -> Self {
        Self {
            place: path.display().to_string(),
            recording: recording(&name.to_string_lossy().replace('\\', "/")),
        }
    }
}

/// `in/scene.wav` for `in/scene.wav.txt`, `scene` for `scene.txt`, `scene.selections.txt` and Raven's
/// `scene.Table.1.selections.txt`.
fn recording(name: &str) -> String {
    if let Some(stem) = name.strip_suffix(".selections.txt") {
        let numbered = stem.rsplit_once(".Table.");
        let numbered = numbered.filter(|(_, number)| number.parse::<u32>().is_ok());
        return numbered.map_or(stem, |(stem, _)| stem).to_owned();
    }
    let (folder, last) = name.split_at(name.rfind('/').map_or(0, |slash| slash + 1));
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    format!("{folder}{stem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_recordings() {
        for (file, name) in [
            ("in/scene.wav.txt", "in/scene.wav"),
            ("scene.txt", "scene"),
            ("a.b/scene", "a.b/scene"),
            ("scene.wav.selections.txt", "scene.wav"),
            ("scene.Table.1.selections.txt", "scene"),
        ] {
            assert_eq!(recording(file), name);
        }
    }
}
