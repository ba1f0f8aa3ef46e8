//! The clips of a data folder by the names that a table of scores may give them.

use earmark_data::Item;
use std::collections::HashMap;
use std::path::Path;

/// Clips by the last part of their names.
pub(super) struct NameIndex(HashMap<String, Vec<(String, usize)>>);

impl NameIndex {
    pub fn of(items: &[Item]) -> Self {
        let mut clips: HashMap<String, Vec<(String, usize)>> = HashMap::new();
        for (clip, item) in items.iter().enumerate() {
            let name = plain(&item.file);
            let alike = clips.entry(base(&name).to_owned()).or_default();
            alike.push((name, clip));
        }
        Self(clips)
    }

    /// The clips that a name may mean: those of exactly this name, else those whose name is the end of it or ends with it, from one
    /// folder to the last. So scores may name files without their folders, or with more of them.
    pub fn clips_of(&self, name: &str) -> Vec<usize> {
        let name = plain(name);
        let alike = self.0.get(base(&name)).map_or(&[][..], Vec::as_slice);
        let clips = |is_meant: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let meant = alike.iter().filter(|(own, _)| is_meant(own));
            meant.map(|(_, clip)| *clip).collect()
        };
        match clips(&|own| own == name) {
            none if none.is_empty() => clips(&|own| ends_with(own, &name) || ends_with(&name, own)),
            exact => exact,
        }
    }
}

/// A file name with `/` between folders and nothing before the first.
fn plain(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.trim_start_matches("./").trim_start_matches('/').to_owned()
}

/// The last part of a name.
fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The last part of a name without its extension.
pub(super) fn stem(name: &str) -> String {
    let name = plain(name);
    let stem = Path::new(&name).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Whether the last folders and the name of `long` are `short`.
fn ends_with(long: &str, short: &str) -> bool {
    long.strip_suffix(short).is_some_and(|rest| rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clips_of(name: &str, files: &[&str]) -> Vec<usize> {
        let item = |file: &&str| Item {
            file: (*file).to_owned(),
            ..Item::default()
        };
        let items: Vec<Item> = files.iter().map(item).collect();
        NameIndex::of(&items).clips_of(name)
    }

    #[test]
    fn names_match_with_more_or_fewer_folders() {
        let files = ["dog/1.wav", "cat/1.wav", "cat/2.wav", "xcat/3.wav"];
        assert_eq!(clips_of("cat/1.wav", &files), [1]);
        assert_eq!(clips_of("2.wav", &files), [2], "without its folder");
        assert_eq!(
            clips_of("/home/me/set/dog/1.wav", &files),
            [0],
            "with more folders"
        );
        assert_eq!(clips_of(".\\cat\\1.wav", &files), [1], "as Windows writes it");
        assert_eq!(clips_of("1.wav", &files), [0, 1], "it may be either");
        assert!(
            clips_of("cat/3.wav", &files).is_empty(),
            "half a folder's name is another folder"
        );
        assert!(clips_of("bird/1.wav", &files).is_empty());
        assert!(
            clips_of("1", &files).is_empty(),
            "an extension is part of the name"
        );
    }

    #[test]
    fn the_exact_name_comes_first() {
        assert_eq!(clips_of("1.wav", &["a/1.wav", "1.wav"]), [1]);
        assert_eq!(clips_of("a/1.wav", &["a/1.wav", "1.wav"]), [0]);
    }

    #[test]
    fn stems_are_without_folder_and_extension() {
        assert_eq!(stem("a\\b.c.wav"), "b.c");
        assert_eq!(stem("b"), "b");
    }
}
