//! Where models live, and which one is taken where none is named.

use super::TagError;
use std::path::{Path, PathBuf};

/// A model of this name in the folder is the default, whatever else is there.
const DEFAULT: &str = "default.safetensors";

/// `$EARMARK_MODELS`, else `earmark/models` in the user's data folder; `None` where the system tells of no such folder.
pub fn models_folder() -> Option<PathBuf> {
    folder_of(|name| std::env::var_os(name).map(PathBuf::from))
}

fn folder_of(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.as_os_str().is_empty());
    if let Some(folder) = variable("EARMARK_MODELS") {
        return Some(folder);
    }
    let data = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        // The XDG base directory specification ignores relative paths.
        variable("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("earmark").join("models"))
}

/// The model that is meant where none is named: `default.safetensors` of [`models_folder`], else the only one there.
///
/// # Errors
/// None there, or several; the message says how to get one or to choose.
pub fn default_model() -> Result<PathBuf, TagError> {
    match models_folder() {
        Some(folder) => only_model(&folder),
        None => Err(TagError::Request(
            "no model is named, and this system has no data folder to look for one; give --model MODEL.safetensors or RUN".into(),
        )),
    }
}

fn only_model(folder: &Path) -> Result<PathBuf, TagError> {
    let chosen = folder.join(DEFAULT);
    if chosen.is_file() {
        return Ok(chosen);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|e| e.ok().map(|e| e.path())).collect())
        .unwrap_or_default();
    found.retain(|path| path.extension().is_some_and(|e| e == "safetensors") && path.is_file());
    found.sort_unstable();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(TagError::Request(format!(
            "no model is named, and none lies in {}; give --model MODEL.safetensors or RUN, or put a model there (`earmark models` knows \
             which there are, `earmark train` makes one)",
            folder.display()
        ))),
        several => {
            let names: Vec<_> = several
                .iter()
                .filter_map(|p| p.file_stem().map(|n| n.to_string_lossy().into_owned()))
                .collect();
            Err(TagError::Request(format!(
                "no model is named, and {} has several ({}); choose one with --model, or name one of them {DEFAULT}",
                folder.display(),
                names.join(", ")
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn the_folder_is_that_of_the_environment_or_the_user() {
        let of = |set: &[(&str, &str)]| {
            folder_of(|name| {
                set.iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| PathBuf::from(v))
            })
        };
        assert_eq!(of(&[]), None);
        assert_eq!(
            of(&[("HOME", "/h")]),
            Some("/h/.local/share/earmark/models".into())
        );
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")]),
            Some("/x/earmark/models".into())
        );
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_DATA_HOME", "x")]),
            Some("/h/.local/share/earmark/models".into())
        );
        assert_eq!(
            of(&[("EARMARK_MODELS", "m"), ("XDG_DATA_HOME", "/x")]),
            Some("m".into())
        );
        assert_eq!(
            of(&[("EARMARK_MODELS", ""), ("XDG_DATA_HOME", "/x")]),
            Some("/x/earmark/models".into())
        );
    }

    #[test]
    fn one_model_needs_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("models");
        let error = only_model(&folder).unwrap_err().to_string();
        assert!(
            error.starts_with("no model is named, and none lies in "),
            "{error}"
        );
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("notes.txt"), "").unwrap();
        std::fs::write(folder.join("b.safetensors"), "").unwrap();
        assert_eq!(only_model(&folder).unwrap(), folder.join("b.safetensors"));
        std::fs::write(folder.join("a.safetensors"), "").unwrap();
        let error = only_model(&folder).unwrap_err().to_string();
        assert!(error.contains("has several (a, b)"), "{error}");
        std::fs::write(folder.join(DEFAULT), "").unwrap();
        assert_eq!(only_model(&folder).unwrap(), folder.join(DEFAULT));
    }
}
