//! How much memory, disk and how many threads the features of a data set may take.

use std::env;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::setting::SettingError;

/// Where features are kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DiskCache {
    /// In `$EARMARK_CACHE/features`, else in `earmark/features` of the user's cache folder.
    #[default]
    Auto,
    /// In this folder, which is made if need be. Several processes may share it.
    Dir(PathBuf),
    /// Nowhere: what does not fit in memory is computed again.
    Off,
}

/// Budgets of a [`FeatureStore`](super::FeatureStore). None of them changes any result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CacheConfig {
    /// Threads that decode files and make features and batches; 0 is one a core.
    pub workers: usize,
    /// Memory for features, in MiB; 0 keeps none.
    pub memory_mib: u64,
    /// Disk space for features, in MiB, of all data sets and front ends in the folder together.
    pub disk_mib: u64,
    /// Where on disk.
    pub disk: DiskCache,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            workers: 0,
            memory_mib: 2048,
            disk_mib: 8192,
            disk: DiskCache::Auto,
        }
    }
}

impl CacheConfig {
    /// Refuses settings that can't work; `section` is where this stands in the recipe.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, section: &str) -> Result<(), SettingError> {
        const MOST_MIB: u64 = 1 << 30;
        for (key, value) in [("memory-mib", self.memory_mib), ("disk-mib", self.disk_mib)] {
            if value > MOST_MIB {
                return Err(SettingError::new(
                    section,
                    key,
                    value,
                    "is in MiB; must be 1073741824 or less",
                ));
            }
        }
        match &self.disk {
            DiskCache::Dir(folder) if folder.as_os_str().is_empty() => Err(SettingError::new(
                section,
                "disk.dir",
                "\"\"",
                "must be a folder, or set disk = \"off\"",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.memory_mib << 20
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        self.disk_mib << 20
    }
}

impl DiskCache {
    /// The folder, or `None` where there is none: switched off, or no user folder is known.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::Dir(folder) => Some(folder.clone()),
            Self::Auto => auto_folder(|name| {
                env::var_os(name)
                    .filter(|value| !value.is_empty())
                    .map(PathBuf::from)
            }),
        }
    }
}

fn auto_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(folder) = variable("EARMARK_CACHE") {
        return Some(folder.join("features"));
    }
    let user = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        // A relative XDG folder is to be ignored, says its specification.
        let xdg = variable("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
        xdg.or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    user.map(|folder| folder.join("earmark").join("features"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_folder() {
        let own = auto_folder(|name| (name == "EARMARK_CACHE").then(|| "/big".into()));
        assert_eq!(own, Some(PathBuf::from("/big/features")));
        assert_eq!(auto_folder(|_| None), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_user_folder_follows_xdg() {
        let xdg = |xdg: &'static str| {
            auto_folder(move |name| match name {
                "XDG_CACHE_HOME" => Some(xdg.into()),
                "HOME" => Some("/home/a".into()),
                _ => None,
            })
        };
        assert_eq!(xdg("/fast"), Some("/fast/earmark/features".into()));
        assert_eq!(xdg("relative"), Some("/home/a/.cache/earmark/features".into()));
    }
}
