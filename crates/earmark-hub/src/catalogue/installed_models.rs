//! Which models are installed, and the folder that they are in.

use super::{PublishedModel, published_model};
use std::env;
use std::path::PathBuf;

/// The folder of the models that are known by name: `$EARMARK_MODELS`, else `earmark/models` in the user's data folder.
pub fn models_folder() -> Option<PathBuf> {
    folder(|name| env::var_os(name).map(PathBuf::from))
}

fn folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.as_os_str().is_empty());
    if let Some(folder) = variable("EARMARK_MODELS") {
        return Some(folder);
    }
    let user = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        // The XDG specification says that a relative folder must be ignored.
        let xdg = variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
        xdg.or_else(|| variable("HOME").map(|home| home.join(".local/share")))
    };
    user.map(|folder| folder.join("earmark").join("models"))
}

/// The installed model of that name: a published model's name, or that of a file in the models folder without its ending.
pub fn installed_model(name: &str) -> Option<PathBuf> {
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return None;
    }
    let published = published_model(name).and_then(PublishedModel::model_file);
    let own = models_folder().map(|folder| folder.join(format!("{name}.safetensors")));
    [published, own].into_iter().flatten().find(|path| path.is_file())
}

impl PublishedModel {
    /// The path of its model file, whether it is installed or not; `None` where the system has no data folder for the user.
    pub fn model_file(&self) -> Option<PathBuf> {
        Some(models_folder()?.join(format!("{}.safetensors", self.name)))
    }

    /// Whether its model file is there.
    pub fn is_installed(&self) -> bool {
        self.model_file().is_some_and(|path| path.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_folder() {
        let own = folder(|name| (name == "EARMARK_MODELS").then(|| "/big".into()));
        assert_eq!(own, Some(PathBuf::from("/big")));
        assert_eq!(folder(|_| None), None);
        // An empty variable counts as not set.
        let own = folder(|name| match name {
            "EARMARK_MODELS" => Some(PathBuf::new()),
            "HOME" | "LOCALAPPDATA" => Some("/h".into()),
            _ => None,
        });
        assert!(own.is_some_and(|folder| folder.starts_with("/h") && folder.ends_with("earmark/models")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_user_folder_follows_xdg() {
        let xdg = |xdg: &'static str| {
            folder(move |name| match name {
                "XDG_DATA_HOME" => Some(xdg.into()),
                "HOME" => Some("/home/a".into()),
                _ => None,
            })
        };
        assert_eq!(xdg("/data"), Some("/data/earmark/models".into()));
        assert_eq!(
            xdg("relative"),
            Some("/home/a/.local/share/earmark/models".into())
        );
    }
}
