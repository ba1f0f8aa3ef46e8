//! The recipes that the program carries inside.

/// Name (path below `recipes/` without `.toml`) and text of each built-in recipe.
const RECIPES: &[(&str, &str)] = &[
    ("demo/1-noisy", include_str!("../recipes/demo/1-noisy.toml")),
    ("demo/2-curated", include_str!("../recipes/demo/2-curated.toml")),
    (
        "dcase2019-baseline/1-noisy",
        include_str!("../recipes/dcase2019-baseline/1-noisy.toml"),
    ),
    (
        "dcase2019-baseline/2-curated",
        include_str!("../recipes/dcase2019-baseline/2-curated.toml"),
    ),
    (
        "dcase2019-baseline/esc10",
        include_str!("../recipes/dcase2019-baseline/esc10.toml"),
    ),
    (
        "argus-2019/1-fold",
        include_str!("../recipes/argus-2019/1-fold.toml"),
    ),
    (
        "argus-2019/1-fold-corrected",
        include_str!("../recipes/argus-2019/1-fold-corrected.toml"),
    ),
    (
        "argus-2019/2-stack",
        include_str!("../recipes/argus-2019/2-stack.toml"),
    ),
    (
        "argus-2019/esc10",
        include_str!("../recipes/argus-2019/esc10.toml"),
    ),
    (
        "efficientat/mn04",
        include_str!("../recipes/efficientat/mn04.toml"),
    ),
    ("panns/cnn14", include_str!("../recipes/panns/cnn14.toml")),
    ("fine-tune/esc10", include_str!("../recipes/fine-tune/esc10.toml")),
    (
        "fine-tune/esc10-few",
        include_str!("../recipes/fine-tune/esc10-few.toml"),
    ),
    (
        "fine-tune/folder",
        include_str!("../recipes/fine-tune/folder.toml"),
    ),
    (
        "mobilenetv2-pca-2018/1-mel",
        include_str!("../recipes/mobilenetv2-pca-2018/1-mel.toml"),
    ),
    (
        "mobilenetv2-pca-2018/2-full",
        include_str!("../recipes/mobilenetv2-pca-2018/2-full.toml"),
    ),
    (
        "mobilenetv2-pca-2018/esc10-mel",
        include_str!("../recipes/mobilenetv2-pca-2018/esc10-mel.toml"),
    ),
    (
        "mobilenetv2-pca-2018/esc10",
        include_str!("../recipes/mobilenetv2-pca-2018/esc10.toml"),
    ),
    (
        "starter-2018/1-train",
        include_str!("../recipes/starter-2018/1-train.toml"),
    ),
    (
        "starter-2018/esc10",
        include_str!("../recipes/starter-2018/esc10.toml"),
    ),
    (
        "summary-baseline/any",
        include_str!("../recipes/summary-baseline/any.toml"),
    ),
    (
        "summary-baseline/esc10",
        include_str!("../recipes/summary-baseline/esc10.toml"),
    ),
    ("folder", include_str!("../recipes/folder.toml")),
];

/// Names of the built-in recipes.
pub fn names() -> impl Iterator<Item = &'static str> {
    RECIPES.iter().map(|(name, _)| *name)
}

/// A built-in recipe by name, with or without `.toml` and a leading `recipes/`; `a/../b` is `b`, so that recipes can extend their
/// neighbours by a relative path.
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
    use crate::{AnyRecipe, Recipe, StackRecipe};

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
        let place = std::path::Path::new("recipe.toml");
        for name in names() {
            let recipe = AnyRecipe::load(name, &[]).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(recipe.name(), name);
            // What is written out in a run directory reads back as the same recipe.
            let text = recipe.to_toml();
            let again = match recipe {
                AnyRecipe::First(_) => AnyRecipe::First(Box::new(Recipe::parse(&text, place).unwrap())),
                AnyRecipe::Second(_) => {
                    AnyRecipe::Second(Box::new(StackRecipe::parse(&text, place).unwrap()))
                }
            };
            assert_eq!(again, recipe);
        }
    }
}
