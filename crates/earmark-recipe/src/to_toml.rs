//! From a recipe to its text, as it is written into run directories and model files.

use serde::Serialize;

/// The recipe as TOML, with defaults written out except those of newer keys, so that programs that do not know these keys
/// can read it.
pub(crate) fn to_toml(recipe: &impl Serialize) -> String {
    toml::to_string_pretty(recipe).expect("a recipe is made of tables, strings and numbers")
}
