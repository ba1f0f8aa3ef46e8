//! What a file of events is called, and which recording it is about.

use earmark_core::event_tables::recording_name;
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

/// `in/scene.wav` for `in/scene.wav.txt`, `scene` for `scene.txt` and Raven's `scene.Table.1.selections.txt`.
fn recording(name: &str) -> String {
    let other = || Path::new(name).with_extension("").to_string_lossy().into_owned();
    recording_name(name).map_or_else(other, str::to_owned)
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
            ("in/scene.lab", "in/scene"),
            ("scene.wav.selections.txt", "scene.wav"),
            ("scene.Table.1.selections.txt", "scene"),
        ] {
            assert_eq!(recording(file), name);
        }
    }
}
