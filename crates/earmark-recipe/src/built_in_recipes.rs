//! The built-in recipes.

/// Name (path below `recipes/` without `.toml`) and text of each recipe.
macro_rules! recipes {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../recipes/", $name, ".toml"))),)*]
    };
}

const RECIPES: &[(&str, &str)] = recipes![
    "demo/1-noisy",
    "demo/2-curated",
    "dcase2019-baseline/1-noisy",
    "dcase2019-baseline/2-curated",
    "dcase2019-baseline/small",
    "dcase2019-baseline/esc10",
    "argus-2019/1-fold",
    "argus-2019/1-fold-corrected",
    "argus-2019/2-stack",
    "argus-2019/auxiliary-016",
    "argus-2019/auxiliary-019",
    "argus-2019/corr-noisy-003",
    "argus-2019/corr-noisy-004",
    "argus-2019/corr-noisy-007",
    "argus-2019/corrections-002",
    "argus-2019/corrections-003",
    "argus-2019/stacking-008-43040",
    "argus-2019/stacking-008-45041",
    "argus-2019/stacking-008-50013",
    "argus-2019/small",
    "argus-2019/esc10",
    "efficientat/mn04",
    "panns/cnn14",
    "fine-tune/esc10",
    "fine-tune/esc10-few",
    "fine-tune/folder",
    "mobilenetv2-pca-2018/1-mel",
    "mobilenetv2-pca-2018/2-full",
    "mobilenetv2-pca-2018/small",
    "mobilenetv2-pca-2018/small-pca",
    "mobilenetv2-pca-2018/esc10-mel",
    "mobilenetv2-pca-2018/esc10",
    "starter-2018/1-train",
    "starter-2018/small",
    "starter-2018/esc10",
    "summary-baseline/any",
    "summary-baseline/esc10",
    "folder",
];

/// Names of the built-in recipes.
pub fn names() -> impl Iterator<Item = &'static str> {
    RECIPES.iter().map(|(name, _)| *name)
}

/// A built-in recipe by name, with or without `.toml` and a leading `recipes/`; `a/../b` is `b`, so that a recipe can
/// extend another one in its folder by a relative path.
pub fn find(name: &str) -> Option<(&'static str, &'static str)> {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split(['/', '\\']) {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    if parts.first() == Some(&"recipes") {
        parts.remove(0);
    }
    let name = parts.join("/");
    let name = name.strip_suffix(".toml").unwrap_or(&name);
    RECIPES.iter().find(|(n, _)| *n == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AnyRecipe;

    #[test]
    fn names_may_be_paths() {
        for name in [
            "demo/1-noisy",
            "recipes/demo/1-noisy.toml",
            "demo/../demo/./1-noisy",
        ] {
            assert_eq!(find(name).map(|r| r.0), Some("demo/1-noisy"), "{name}");
        }
        assert!(find("../demo/1-noisy").is_none());
    }

    #[test]
    fn every_built_in_recipe_loads() {
        let path = std::path::Path::new("recipe.toml");
        for name in names() {
            let recipe = AnyRecipe::load(name, &[]).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(recipe.name(), name);
            // The text in a run directory reads back as the same recipe.
            let again = AnyRecipe::parse(&recipe.to_toml(), path).unwrap();
            assert_eq!(again, recipe);
        }
    }
}
