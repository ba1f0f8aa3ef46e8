//! From a recipe to its text, as it is written into run directories and model files.

use serde::Serialize;

/// The recipe as TOML, every default written out.
pub(crate) fn to_toml(recipe: &impl Serialize) -> String {
    toml::to_string_pretty(recipe).expect("a recipe is made of tables, strings and numbers")
}
