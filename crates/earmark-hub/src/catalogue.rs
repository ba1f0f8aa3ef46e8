//! Which published models there are to fetch, and where installed ones lie.

use super::Architecture;
use earmark_core::text::suggest;
use serde::{Deserialize, Serialize};
use std::env;
use std::path::PathBuf;
use std::sync::LazyLock;

/// A published model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// What `earmark models get` calls it; its file is `NAME.safetensors` in the models folder.
    pub name: String,
    /// What `earmark models import --as` calls its network.
    pub architecture: String,
    /// Where its authors put the checkpoint.
    pub url: String,
    /// The checkpoint's length, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The checkpoint's SHA-256, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Mean average precision on AudioSet, as its authors state it.
    pub map: f64,
}

#[derive(Deserialize)]
struct Catalogue {
    model: Vec<Entry>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let catalogue: Catalogue =
        toml::from_str(include_str!("catalogue.toml")).expect("the catalogue was checked by a test");
    catalogue.model
});

/// All published models that can be fetched.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// A name as the catalogue spells it: small letters, `-` for `_`.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// The catalogue's entry of that name; `mn04_as` is found too.
pub fn entry(name: &str) -> Option<&'static Entry> {
    let name = plain(name);
    let is = |e: &&Entry| e.name == name || e.name.strip_prefix("efficientat-") == Some(name.as_str());
    entries().iter().find(is)
}

/// The entry with the nearest name, if one is near enough to be a slip.
pub fn nearest(name: &str) -> Option<&'static str> {
    suggest(&plain(name), entries().iter().map(|e| e.name.as_str()))
}

impl Entry {
    /// The name of the file at its authors'.
    pub fn file_name(&self) -> String {
        let path = self.url.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().replace("%3D", "=")
    }

    /// Where its model file lies or will lie; `None` where the system has no user's folder.
    pub fn model_file(&self) -> Option<PathBuf> {
        Some(models_folder()?.join(format!("{}.safetensors", self.name)))
    }

    /// Its network.
    pub fn network(&self) -> Option<Architecture> {
        Architecture::parse(&self.architecture)
    }
}

/// Where model files lie that are known by name: `$EARMARK_MODELS`, else `earmark/models` in the user's data folder.
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
        // A relative XDG folder is to be ignored, says its specification.
        let xdg = variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
        xdg.or_else(|| variable("HOME").map(|home| home.join(".local/share")))
    };
    user.map(|folder| folder.join("earmark").join("models"))
}

/// The installed model of that name: a catalogue's name, or that of a file in the models folder without its ending.
pub fn installed(name: &str) -> Option<PathBuf> {
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return None;
    }
    let known = entry(name).and_then(Entry::model_file);
    let named = models_folder().map(|f| f.join(format!("{name}.safetensors")));
    [known, named].into_iter().flatten().find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_whole() {
        for e in entries() {
            let network = e.network().unwrap_or_else(|| panic!("{} has no network", e.name));
            assert_eq!(network.name(), e.architecture);
            assert!(e.name.starts_with(&e.architecture) && e.name == plain(&e.name));
            assert!(
                e.url.starts_with("https://") && !e.file_name().contains('%'),
                "{}",
                e.url
            );
            // The authors write the score into the name.
            let digits = format!("{:.3}", e.map);
            let name = e.file_name();
            assert!(name.contains(&digits[2..]), "{name} has not {digits}");
            assert!(e.sha256.as_ref().is_none_or(|s| s.len() == 64));
        }
        let names: std::collections::BTreeSet<_> = entries().iter().map(|e| &e.name).collect();
        assert_eq!(names.len(), entries().len());
    }

    #[test]
    fn names_are_found_in_all_their_spellings() {
        for name in ["efficientat-mn04-as", "mn04_as", "MN04-AS"] {
            assert_eq!(entry(name).unwrap().name, "efficientat-mn04-as", "{name}");
        }
        assert_eq!(entry("panns-cnn14").unwrap().file_name(), "Cnn14_mAP=0.431.pth");
        assert!(entry("mn04").is_none());
        assert_eq!(nearest("panns-cn14"), Some("panns-cnn14"));
    }

    #[test]
    fn the_environment_names_the_folder() {
        let own = folder(|name| (name == "EARMARK_MODELS").then(|| "/big".into()));
        assert_eq!(own, Some(PathBuf::from("/big")));
        assert_eq!(folder(|_| None), None);
        // What is set and empty is as good as not set.
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
