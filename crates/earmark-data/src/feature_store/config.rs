//! The `[cache]` section of a recipe: how much memory and disk and how many threads features may take.

use std::env;
use std::path::PathBuf;

use earmark_core::{Check, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::settings;

/// Where features are cached between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DiskCache {
    /// In `$EARMARK_CACHE/features`, otherwise in `earmark/features` of the user's cache folder.
    #[default]
    Auto,
    /// In this folder, which is created if needed. Several processes may share it.
    Dir(PathBuf),
    /// Nowhere: what does not fit in memory is computed again.
    Off,
}

settings! {
    /// Budgets of the feature cache. None of them changes any result.
    #[derive(Eq)]
    pub struct CacheConfig {
        /// Number of threads that decode files and compute features and batches; 0 means one per core.
        pub workers: usize = 0,
        /// Memory for features, in MiB; 0 caches none.
        pub memory_mib: u64 = 2048,
        /// Disk space for features, in MiB, for all data sets and front ends in the folder together.
        pub disk_mib: u64 = 8192,
        /// Where features are cached on disk.
        pub disk: DiskCache = DiskCache::Auto,
    }
}

impl Check for CacheConfig {
    fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in [("memory-mib", self.memory_mib), ("disk-mib", self.disk_mib)] {
            let remedy = "is in MiB; must be 1073741824 or less";
            ConfigError::check_range(key, value, ..=1 << 30, remedy)?;
        }
        let named = !matches!(&self.disk, DiskCache::Dir(folder) if folder.as_os_str().is_empty());
        let remedy = "must be a folder, or set disk = \"off\"";
        ConfigError::unless(named, "disk.dir", "\"\"", remedy)
    }
}

impl CacheConfig {
    /// These settings as far as they ask for less than the defaults and name no folder: what a run may say that somebody else may have
    /// made. Where features are kept is for this machine to say.
    pub fn at_most_defaults(&self) -> Self {
        let default = Self::default();
        Self {
            workers: default.workers,
            memory_mib: self.memory_mib.min(default.memory_mib),
            disk_mib: self.disk_mib.min(default.disk_mib),
            disk: match &self.disk {
                DiskCache::Off => DiskCache::Off,
                DiskCache::Auto | DiskCache::Dir(_) => default.disk,
            },
        }
    }

    /// These settings for who reads each recording once: what is kept in memory would never be read again.
    #[must_use]
    pub fn read_once(&self) -> Self {
        Self {
            memory_mib: 0,
            ..self.clone()
        }
    }
}

impl DiskCache {
    /// The folder, or `None` where the cache is switched off or no user folder is known.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::Dir(folder) => Some(folder.clone()),
            Self::Auto => {
                auto_folder(|name| env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from))
            }
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
        // The specification says to ignore a relative XDG folder.
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

    #[test]
    fn a_run_of_somebody_else_asks_for_no_more() {
        let greedy = CacheConfig {
            workers: 900,
            memory_mib: 1 << 30,
            disk_mib: 1 << 30,
            disk: DiskCache::Dir("/home/victim/.ssh".into()),
        };
        assert_eq!(greedy.at_most_defaults(), CacheConfig::default());
        let modest = CacheConfig {
            memory_mib: 7,
            disk_mib: 0,
            disk: DiskCache::Off,
            ..CacheConfig::default()
        };
        assert_eq!(modest.at_most_defaults(), modest);
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
