//! The files of corrections that the program carries for its built-in recipes.

use std::sync::LazyLock;

/// Name and packed text of each of these files (`build.rs` packs them).
macro_rules! packed {
    ($($name:literal,)*) => {
        &[$(($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".deflate")).as_slice()),)*]
    };
}

const PACKED: &[(&str, &[u8])] = packed![
    "corrections-05a7aee7.json",
    "corrections-1fb2eea4.json",
    "corrections-31156c79.json",
    "corrections-9639288b.json",
    "noisy-corrections-1fb2eea4.json",
    "noisy-corrections-bdb91501.json",
];

/// Name and text of each file of corrections that the program carries: those of argus-2019, which its authors published
/// under the MIT licence that is next to them.
pub fn built_in_corrections() -> &'static [(&'static str, &'static str)] {
    static UNPACKED: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
        let unpack = |(name, packed): &(&'static str, &[u8])| {
            let bytes = miniz_oxide::inflate::decompress_to_vec(packed).expect("what build.rs has packed");
            (*name, String::from_utf8(bytes).expect("JSON is UTF-8"))
        };
        PACKED.iter().map(unpack).collect()
    });
    static TEXTS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let texts = UNPACKED.iter();
        texts.map(|(name, text)| (*name, text.as_str())).collect()
    });
    &TEXTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recipe, StackRecipe};
    use std::collections::{BTreeMap, BTreeSet};

    fn entries(text: &str) -> BTreeMap<String, String> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_published_files_are_whole() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes/argus-2019/corrections");
        for (name, text) in built_in_corrections() {
            assert_eq!(
                *text,
                std::fs::read_to_string(folder.join(name)).unwrap(),
                "{name}"
            );
        }
        let counts = built_in_corrections().iter().map(|(name, text)| {
            let entries = entries(text);
            let removed = entries.values().filter(|text| *text == "remove").count();
            (*name, entries.len(), removed)
        });
        assert_eq!(
            counts.collect::<Vec<_>>(),
            [
                ("corrections-05a7aee7.json", 12, 5),
                ("corrections-1fb2eea4.json", 73, 15),
                ("corrections-31156c79.json", 76, 14),
                ("corrections-9639288b.json", 71, 14),
                ("noisy-corrections-1fb2eea4.json", 1745, 0),
                ("noisy-corrections-bdb91501.json", 8744, 6999),
            ]
        );
    }

    /// FSDKaggle2019 with the clips that the files name, and a noisy clip that no file names, which has every label.
    fn named_clips() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let is_noisy = |name: &str| name.starts_with("noisy-");
        let mut known = BTreeSet::new();
        for subset in ["curated", "noisy"] {
            let files = built_in_corrections().iter();
            let files = files.filter(|(name, _)| is_noisy(name) == (subset == "noisy"));
            let mut clips: BTreeMap<String, String> = files.flat_map(|(_, text)| entries(text)).collect();
            for labels in clips.values_mut() {
                if *labels == "remove" {
                    *labels = "Bark".into();
                }
                known.extend(labels.split(',').map(str::to_owned));
            }
            if subset == "noisy" {
                let all: Vec<String> = known.iter().cloned().collect();
                clips.insert("other.wav".into(), all.join(","));
            }
            let folder = dir.path().join(format!("train_{subset}"));
            std::fs::create_dir(&folder).unwrap();
            let mut table = String::from("fname,labels\n");
            for (file, labels) in &clips {
                table += &format!("{file},\"{labels}\"\n");
                // Nothing opens it.
                std::fs::write(folder.join(file), "").unwrap();
            }
            std::fs::write(dir.path().join(format!("train_{subset}.csv")), table).unwrap();
        }
        dir
    }

    /// The base models of argus-2019's ensemble have the clips that were published, by the files that the program
    /// carries.
    #[test]
    fn the_ensemble_needs_no_other_files() {
        let dir = named_clips();
        // Clips of the curated subset without those removed, and of the noisy one; copies of noisy ones with corrected
        // labels.
        for (name, curated, noisy, copies) in [
            ("auxiliary-016", 89 - 14, 8745, 0),
            ("auxiliary-019", 89 - 14, 8745, 0),
            ("corr-noisy-003", 89 - 15, 8745, 1745),
            ("corr-noisy-004", 89 - 15, 1745, 1745),
            ("corr-noisy-007", 89 - 15, 8745 - 6999, 1745),
            ("corrections-002", 89 - 5, 8745, 0),
            ("corrections-003", 89 - 5, 8745, 0),
        ] {
            let recipe = Recipe::load(&format!("argus-2019/{name}"), &[]).unwrap();
            let data = earmark_data::load(dir.path(), &recipe.data).unwrap();
            let clips = |subset: &str| data.items.iter().filter(|i| i.subset == subset).count();
            assert_eq!(
                (clips("curated"), clips("noisy"), clips("corrected-noisy")),
                (curated, noisy, copies),
                "{name}"
            );
            assert_eq!(curated + data.removed.len(), 89, "{name}: all are in folds");
            let is_built_in = |note: &String| note.contains(".json, carried by the recipe: ");
            assert!(data.notes.iter().all(is_built_in), "{:?}", data.notes);
        }
        let recipe = Recipe::load("argus-2019/auxiliary-016", &[]).unwrap();
        let data = earmark_data::load(dir.path(), &recipe.data).unwrap();
        assert_eq!(
            data.notes,
            [
                "corrections-31156c79.json, carried by the recipe: 76 clips, 14 removed, 62 relabelled (subset curated)"
            ]
        );
        let stack = StackRecipe::load("argus-2019/stacking-008-50013", &[])
            .unwrap()
            .stack;
        assert_eq!(stack.recipe_corrections.texts.len(), built_in_corrections().len());
    }

    /// A recipe on disk has its own folder and those of what it extends. Where it is changes nothing about it.
    #[test]
    fn recipes_know_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        let (inner, outer) = (dir.path().join("a/b"), dir.path().join("a"));
        std::fs::create_dir_all(&inner).unwrap();
        let (mine, base) = (inner.join("mine.toml"), outer.join("base.toml"));
        std::fs::write(&mine, "extends = \"../base.toml\"\nname = \"mine\"\n").unwrap();
        std::fs::write(base, "extends = \"argus-2019/auxiliary-016\"\n").unwrap();
        let recipe = Recipe::load(&mine.to_string_lossy(), &[]).unwrap();
        let folders = recipe.data.recipe_corrections.folders.iter();
        let folders: Vec<_> = folders.map(|folder| folder.canonicalize().unwrap()).collect();
        assert_eq!(
            folders,
            [inner.canonicalize().unwrap(), outer.canonicalize().unwrap()]
        );
        let text = recipe.to_toml();
        assert!(!text.contains("recipe-corrections"), "{text}");
        assert_eq!(Recipe::parse(&text, &mine).unwrap(), recipe);
    }
}
