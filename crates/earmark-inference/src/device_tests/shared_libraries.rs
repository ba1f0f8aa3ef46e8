//! Shared libraries and drivers that the kinds of GPUs need, and which of them the system lacks.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where Linux has shared libraries, next to `LD_LIBRARY_PATH`.
const FOLDERS: [&str; 9] = [
    "/lib64",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/local/cuda/lib64",
    "/usr/lib/wsl/lib",
    "/run/opengl-driver/lib",
];

/// Where Vulkan's loader looks for drivers.
const DRIVER_FOLDERS: [&str; 4] = [
    "/etc/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/usr/share/vulkan/icd.d",
    "/run/opengl-driver/share/vulkan/icd.d",
];

/// The libraries that a kind of GPU opens at run time and that were not found, each with what brings it. Nothing where
/// the kind needs none, or the system is not Linux.
pub fn missing_libraries(kind: &str) -> Vec<(&'static str, &'static str)> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    let own = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let folders = std::env::split_paths(&own).chain(FOLDERS.map(PathBuf::from));
    missing_in(kind, &Vec::from_iter(folders))
}

fn missing_in(kind: &str, folders: &[PathBuf]) -> Vec<(&'static str, &'static str)> {
    let needed: &[(&str, &str)] = match kind {
        "vulkan" | "webgpu" => &[("libvulkan.so.1", "the package libvulkan1 or vulkan-loader")],
        "cuda" => &[("libcuda.so.1", "NVIDIA's driver")],
        _ => &[],
    };
    let is_missing = |name: &str| !folders.iter().any(|folder| folder.join(name).exists());
    let missing = needed.iter().copied();
    missing.filter(|(name, _)| is_missing(name)).collect()
}

/// The files by which Vulkan's loader finds drivers: those that `VK_DRIVER_FILES` or `VK_ICD_FILENAMES` names, else
/// those in the system's folders, in order.
pub fn vulkan_drivers() -> Vec<PathBuf> {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map(std::env::var_os);
    match named.into_iter().flatten().next() {
        Some(named) => std::env::split_paths(&named)
            .filter(|path| path.exists())
            .collect(),
        None => drivers_in(DRIVER_FOLDERS.map(Path::new)),
    }
}

fn drivers_in<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Vec<PathBuf> {
    // A folder that is not there, or not for us to read, has no driver for us.
    let entries = folders
        .into_iter()
        .filter_map(|folder| folder.read_dir().ok())
        .flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension() == Some(OsStr::new("json")))
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_missing_until_a_folder_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("a"), dir.path().join("b")];
        std::fs::create_dir_all(&folders[1]).unwrap();
        let names = |kind| Vec::from_iter(missing_in(kind, &folders).into_iter().map(|(name, _)| name));
        assert_eq!(names("cuda"), ["libcuda.so.1"]);
        assert_eq!(names("vulkan"), ["libvulkan.so.1"]);
        std::fs::write(folders[1].join("libcuda.so.1"), "").unwrap();
        assert_eq!(names("cuda"), [""; 0]);
        assert_eq!(names("webgpu"), ["libvulkan.so.1"]);
        assert_eq!(names("metal"), [""; 0]);
    }

    #[test]
    fn drivers_are_the_json_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["lvp_icd.json", "a.json", "readme.txt"] {
            std::fs::write(dir.path().join(name), "{}").unwrap();
        }
        let found = drivers_in([dir.path(), Path::new("/nowhere/at/all")]);
        assert_eq!(
            found,
            [dir.path().join("a.json"), dir.path().join("lvp_icd.json")]
        );
        assert!(drivers_in([]).is_empty());
    }
}
