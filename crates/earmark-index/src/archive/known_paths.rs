//! Recordings by where their files are, in whatever words their paths were given.

use earmark_core::remote;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where the recordings of an index are on the disk, seen from the current folder.
#[derive(Clone, Debug, Default)]
pub struct KnownPaths {
    /// Names in the index, by the real path of their file.
    by_place: HashMap<PathBuf, String>,
    /// Recordings whose file is not there, with where it would be.
    gone: Vec<(String, PathBuf)>,
    /// Places in `gone`, by file name: an archive that was moved has all of its recordings there.
    gone_by_file_name: HashMap<OsString, Vec<usize>>,
    /// Recordings that are there twice, each with the other name of its file.
    twice: Vec<(String, String)>,
}

impl KnownPaths {
    /// Looks for the files of these recordings. Those at addresses, in folders that can't be looked into, and behind
    /// links that lead nowhere now are neither there nor gone.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        let mut found = Self::default();
        for name in names {
            let path = Path::new(name);
            if remote::is_address(path) {
                continue;
            }
            let Ok(place) = path.canonicalize() else {
                if is_gone(path) {
                    if let Some(file_name) = path.file_name() {
                        let places = found.gone_by_file_name.entry(file_name.to_owned());
                        places.or_default().push(found.gone.len());
                    }
                    found.gone.push((name.to_owned(), place_of(path)));
                }
                continue;
            };
            match found.by_place.get(&place) {
                Some(first) => found.twice.push((name.to_owned(), first.clone())),
                None => {
                    found.by_place.insert(place, name.to_owned());
                }
            }
        }
        found
    }

    /// The recording whose file is at this path.
    pub fn name_of(&self, path: &Path) -> Option<&str> {
        let place = path.canonicalize().ok()?;
        self.by_place.get(&place).map(String::as_str)
    }

    /// Recordings whose file is not there, and that had this file name.
    pub fn gone_with_name(&self, file_name: &OsStr) -> impl Iterator<Item = &str> {
        let places = self.gone_by_file_name.get(file_name).into_iter().flatten();
        places.map(|&place| self.gone[place].0.as_str())
    }

    /// Recordings whose file is not there, and would be below a folder, or be this file.
    pub fn gone_below(&self, folder: &Path) -> Vec<&str> {
        let place = place_of(folder);
        let gone = self.gone.iter().filter(|(_, path)| path.starts_with(&place));
        gone.map(|(name, _)| name.as_str()).collect()
    }

    /// Whether a recording whose file is there is below a folder.
    pub fn has_below(&self, folder: &Path) -> bool {
        let place = place_of(folder);
        self.by_place.keys().any(|path| path.starts_with(&place))
    }

    /// All recordings below a folder, or this file, whether they are there or gone; sorted.
    pub fn all_below(&self, folder: &Path) -> Vec<&str> {
        let place = place_of(folder);
        let there = self.by_place.iter().map(|(path, name)| (name, path));
        let all = there.chain(self.gone.iter().map(|(name, path)| (name, path)));
        let below = all.filter(|(_, path)| path.starts_with(&place));
        let mut names: Vec<&str> = below.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Recordings that are in the index twice, each with the other name of its file.
    pub fn twice(&self) -> &[(String, String)] {
        &self.twice
    }
}

/// A name in its usual form: without `.` and empty parts. An address stays as it is, and so does `..`, which leads
/// elsewhere where links are.
pub fn normal_name(name: &str) -> String {
    if remote::is_address(Path::new(name)) {
        return name.to_owned();
    }
    let root = if name.starts_with('/') { "/" } else { "" };
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
    let normal = root.to_owned() + &parts.collect::<Vec<_>>().join("/");
    match normal.is_empty() {
        true => name.to_owned(),
        false => normal,
    }
}

/// Whether nothing has this path.
fn is_gone(path: &Path) -> bool {
    let found = path.symlink_metadata().map_err(|e| e.kind());
    matches!(found, Err(ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// Where a path leads, and where it would lead if its last parts were there.
fn place_of(path: &Path) -> PathBuf {
    for above in path.ancestors() {
        let there = match above.as_os_str().is_empty() {
            true => Path::new("."),
            false => above,
        };
        if let Ok(place) = there.canonicalize() {
            let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
            return rest.components().fold(place, |place, part| place.join(part));
        }
    }
    path.to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn names_have_one_form() {
        for (name, wanted) in [
            ("./arch/a.wav", "arch/a.wav"),
            ("arch//b/./a.wav", "arch/b/a.wav"),
            ("/arch/./a.wav", "/arch/a.wav"),
            ("../arch/a.wav", "../arch/a.wav"),
            ("a.wav", "a.wav"),
            ("s3://lab//a.wav", "s3://lab//a.wav"),
            ("https://example.org/./a.wav", "https://example.org/./a.wav"),
        ] {
            assert_eq!(normal_name(name), wanted);
            assert_eq!(normal_name(wanted), wanted);
        }
    }

    #[test]
    fn a_file_is_known_by_any_path() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        fs::create_dir_all(dir.path().join("arch/b")).unwrap();
        fs::write(dir.path().join("arch/a.wav"), "").unwrap();
        let names = [
            at("arch/a.wav"),
            at("arch/b/../a.wav"),
            at("arch/gone.wav"),
            at("arch/c/gone.wav"),
            at("other/gone.wav"),
            "s3://lab/a.wav".to_owned(),
        ];
        let known = KnownPaths::of(names.iter().map(String::as_str));
        for path in ["arch/a.wav", "arch/./b/../a.wav", "arch/b/../../arch/a.wav"] {
            assert_eq!(
                known.name_of(&dir.path().join(path)),
                Some(names[0].as_str()),
                "{path}"
            );
        }
        assert_eq!(known.name_of(&dir.path().join("arch/gone.wav")), None);
        assert_eq!(known.twice(), [(names[1].clone(), names[0].clone())]);
        let below = |folder: &str| known.gone_below(&dir.path().join(folder));
        assert_eq!(below("arch"), [names[3].as_str(), names[2].as_str()]);
        assert_eq!(below("arch/b/.."), [names[3].as_str(), names[2].as_str()]);
        assert_eq!(below("arch/c"), [names[3].as_str()]);
        assert_eq!(
            below("arc"),
            Vec::<&str>::new(),
            "a name is not the beginning of a name"
        );
        assert_eq!(below("").len(), 3);
        let all = known.all_below(&dir.path().join("arch"));
        assert_eq!(all, [names[0].as_str(), names[3].as_str(), names[2].as_str()]);
        assert!(known.has_below(&dir.path().join("arch")) && !known.has_below(&dir.path().join("arch/c")));
        assert_eq!(known.gone_with_name(OsStr::new("gone.wav")).count(), 3);
        assert_eq!(known.gone_with_name(OsStr::new("a.wav")).count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_recording() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("arch")).unwrap();
        fs::write(dir.path().join("arch/a.wav"), "").unwrap();
        std::os::unix::fs::symlink("arch", dir.path().join("linked")).unwrap();
        let name = dir.path().join("arch/a.wav").to_string_lossy().into_owned();
        let known = KnownPaths::of([name.as_str()]);
        assert_eq!(
            known.name_of(&dir.path().join("linked/a.wav")),
            Some(name.as_str())
        );
    }
}
