//! The model that is used without `--model`.

use super::TagError;
use earmark_hub::models_folder;
use std::path::{Path, PathBuf};

/// A model of this name in the folder is the default.
const DEFAULT: &str = "default.safetensors";

/// The model that is used without `--model`: `default.safetensors` in [`models_folder`], else the only one there.
///
/// # Errors
///
/// When there is no model, or there are several.
pub fn default_model() -> Result<PathBuf, TagError> {
    let folder = models_folder().ok_or_else(|| {
        TagError::Request(
            "no model is named, and this system has no data folder to search; name one with --model MODEL.safetensors \
             or RUN, or the folder of models with EARMARK_MODELS"
                .into(),
        )
    })?;
    only_model(&folder)
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
            "no model is named, and there is no model in {}; name one with --model MODEL.safetensors or RUN: `earmark \
             models list` lists published models, `earmark models get NAME` installs one there, and `earmark fit DIR` \
             makes one of a labelled folder of sounds",
            folder.display()
        ))),
        several => {
            let names = several.iter().filter_map(|p| p.file_stem());
            let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
            Err(TagError::Request(format!(
                "no model is named, and {} has several ({}); choose one with --model, or rename one to {DEFAULT}",
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
    fn one_model_needs_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("models");
        let error = only_model(&folder).unwrap_err().to_string();
        assert!(
            error.starts_with("no model is named, and there is no model in "),
            "{error}"
        );
        for command in ["models list", "models get NAME", "fit DIR"] {
            assert!(error.contains(&format!("`earmark {command}`")), "{error}");
        }
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
